import type { Format } from '../format.ts';

/** Source code, scripts and templates that only their name tells: content cannot say for sure what language it is. */
export const SOURCE_CODE: Format = {
  id: 'source-code',
  title: 'source code',
  extensions: (
    'ps1 psm1 psd1 bat cmd vbs vbe vb wsf wsh hta lua luau r rmd rprofile jl rb erb rake gemspec pl pm t pod php phtml php5 tcl awk ' +
    'sed zsh fish ksh csh tcsh c h cc cpp cxx hpp hh hxx inl cu cuh hip cl metal glsl hlsl vert frag comp wgsl s asm ptx ll go rs ' +
    'java kt kts scala groovy gradle clj cljs swift mm d nim zig v vhd sv ml mli hs lhs erl ex exs elm fs fsx cs csx dart f f77 f90 ' +
    'f95 for pas sql psql plsql mk mak cmake ninja bzl bazel nix tf tfvars hcl jsonnet libsonnet cue dhall pyx pxd pxi ' +
    'ipy sage gin tmpl tpl template mustache hbs handlebars liquid ejs njk twig vm ftl jsp asp aspx cshtml xsl xslt xq xquery ' +
    'wat mlir td prototxt pbtxt textproto service desktop reg inf applescript scpt el lisp lsp scm rkt vim vimrc m wl nb do sas spec ' +
    'ebuild pkgbuild snakefile smk nf wdl cwl rq sparql scp dockerfile modelfile lean coq agda idr vue svelte astro coffee hx'
  )
    .split(' ')
    .map((extension) => `.${extension}`),
  identify: () => false,
};
