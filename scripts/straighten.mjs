// Makes the modules of `dist` import what they need from where it is declared; after the compiler, before anything is joined.
import { fileURLToPath } from 'node:url';
import { straightenTree } from './straight-imports.mjs';

straightenTree(fileURLToPath(new URL('../dist/', import.meta.url)));
