/* token - soc-ctl token */
#include "collector/ctl/commands/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

#include "common/base64.h"

enum { TOKEN_BYTES = 32, TOKEN_TEXT_MAX = 64, HASH_SIZE = 32 };

static bool make_token(struct strbuf *token)
{
	unsigned char random[TOKEN_BYTES];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	base64_add(token, BASE64_URL, slice_of(random, sizeof(random)));
	OPENSSL_cleanse(random, sizeof(random));
	return !token->overflow;
}

static bool hash_token(const struct strbuf *token, unsigned char hash[HASH_SIZE])
{
	return EVP_Digest(token->ptr, token->len, hash, NULL, EVP_sha256(), NULL) == 1;
}

static void print_token(struct strbuf *token, const unsigned char hash[HASH_SIZE])
{
	printf("%s\n        token-sha256: [\"", strbuf_cstr(token));
	for (unsigned i = 0; i < HASH_SIZE; i++)
		printf("%02x", hash[i]);
	puts("\"]");
}

static int run_token(const struct arguments *arguments)
{
	struct strbuf token = STRBUF_INIT(TOKEN_TEXT_MAX);
	unsigned char hash[HASH_SIZE];
	const bool good = make_token(&token) && hash_token(&token, hash);

	(void)arguments;
	if (good)
		print_token(&token, hash);
	else
		fputs("soc-ctl token: OpenSSL has no random numbers\n", stderr);
	if (token.ptr != NULL)
		OPENSSL_cleanse(token.ptr, token.capacity);
	strbuf_done(&token);
	return good ? EXIT_DONE : EXIT_FAILED;
}

const struct command token_commands[] = {
	{
		.name = "token",
		.summary = "makes a token for a sender of HTTP",
		.details = "Prints a random token, for the sender's Authorization (Bearer, "
			   "ApiKey, or "
			   "the password of Basic), and the line of it for "
			   "ingest.syslog.senders. Only "
			   "the hash belongs into the settings: the token is stored nowhere "
			   "else.\n\n"
			   "Works offline. To change over, put both hashes into the list, "
			   "reload, give "
			   "the sender its new token, and take the old hash away.",
		.run = run_token,
	},
	{0},
};
