export {
  archiveEntries,
  type ExpandMember,
  memberBytes,
  memberNames,
  openMember,
  STORED,
} from './members.ts';
