#include "collector/store/chain.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct chain {
	EVP_MD *sha256; /* fetched once: looking it up costs as much as hashing a record */
	EVP_MD_CTX *context;
};

struct chain *chain_new(void)
{
	struct chain *chain = calloc(1, sizeof(*chain));

	if (chain == NULL)
		abort();
	chain->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	chain->context = EVP_MD_CTX_new();
	if (chain->sha256 == NULL || chain->context == NULL)
		abort();
	return chain;
}

void chain_free(struct chain *chain)
{
	if (chain == NULL)
		return;
	EVP_MD_CTX_free(chain->context);
	EVP_MD_free(chain->sha256);
	free(chain);
}

static struct chain_link hash(struct chain *chain, const struct slice *parts, size_t n)
{
	struct chain_link link;
	unsigned size;

	if (EVP_DigestInit_ex2(chain->context, chain->sha256, NULL) != 1)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (EVP_DigestUpdate(chain->context, parts[i].ptr, parts[i].len) != 1)
			abort();
	}
	if (EVP_DigestFinal_ex(chain->context, link.bytes, &size) != 1 || size != CHAIN_SIZE)
		abort();
	return link;
}

struct chain_link chain_start(struct chain *chain, uint8_t class, const unsigned char id[16])
{
	const struct slice parts[] = {
		SLICE_LIT("soc-collector store"), slice_of(&class, 1), slice_of(id, 16)};

	return hash(chain, parts, ARRAY_LEN(parts));
}

struct chain_seal chain_seal_block(struct chain *chain, const struct chain_link *before,
	const char *head, struct slice front, struct slice bodies)
{
	struct chain_seal seal = {
		.front = hash(chain, &front, 1),
		.bodies = hash(chain, &bodies, 1),
	};
	const struct slice parts[] = {
		slice_of(before, CHAIN_SIZE),
		slice_of(head, BLOCK_HEAD_SIZE),
		slice_of(&seal.front, CHAIN_SIZE),
		slice_of(&seal.bodies, CHAIN_SIZE),
	};

	seal.link = hash(chain, parts, ARRAY_LEN(parts));
	return seal;
}
