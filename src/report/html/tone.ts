/** Colour classes of the style sheet. */
export type Tone = 'good' | 'caution' | 'bad' | 'dark' | 'open' | 'plain';
