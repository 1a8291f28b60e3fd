interface SignInChoices {
  readonly byIssuer: boolean;
  readonly returnTo: string;
}

/** The page by which people sign in; it needs no script. */
export function signInPage({ byIssuer, returnTo }: SignInChoices): string {
  const query = returnTo === '/' ? '' : `?return_to=${encodeURIComponent(returnTo)}`;
  const issuer = byIssuer ? `<p><a href="/signin/oidc${query}">Sign in with your organisation's account</a></p>` : '';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in - Assay</title></head>
<body>
<main>
<h1>Sign in</h1>
${issuer}
<form method="post" action="/signin">
<input type="hidden" name="return_to" value="${escaped(returnTo)}">
<p><label>API token <input name="token" type="password" required autocomplete="off" maxlength="200"></label></p>
<p><button>Sign in</button></p>
</form>
</main>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
