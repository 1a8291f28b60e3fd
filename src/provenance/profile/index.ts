export { type Profile, ProfileSchema, profileOf, profileText, readDataProfile, recordsOf } from './profile.ts';
