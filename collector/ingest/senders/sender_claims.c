/* sender_claims - names, addresses and tokens that two senders of the settings both have */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/ingest/senders/sender_settings_inner.h"
#include "common/netaddr.h"

/* An address of a sender, or its name. */
struct claim {
	size_t sender;           /* number of it */
	const char *certificate; /* or the first of its tokens */
	struct netprefix prefix;
	const char *const *text; /* the setting */
};

static int compare_numbers(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_prefixes(const struct netprefix *a, const struct netprefix *b)
{
	const int by_address = memcmp(&a->first, &b->first, sizeof(a->first));

	return by_address != 0 ? by_address : a->bits - b->bits;
}

/* As they are looked up: an address by its bits, a name in a certificate in any case. */
static int compare_claimed(const struct claim *a, const struct claim *b)
{
	const int by_prefix = compare_prefixes(&a->prefix, &b->prefix);

	return by_prefix != 0 ? by_prefix : strcasecmp(a->certificate, b->certificate);
}

static int compare_claims(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	const int by_claimed = compare_claimed(a, b);

	return by_claimed != 0 ? by_claimed : compare_numbers(a->sender, b->sender);
}

static int compare_texts(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	const int by_text = strcmp(*a->text, *b->text);

	return by_text != 0 ? by_text : compare_numbers(a->sender, b->sender);
}

static struct claim *new_claims(size_t n)
{
	struct claim *claims = calloc(n + 1, sizeof(*claims));

	if (claims == NULL)
		abort();
	return claims;
}

static void check_names(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	const size_t n = settings->senders.n;
	struct claim *claims = new_claims(n);

	for (size_t i = 0; i < n; i++)
		claims[i] = (struct claim){.sender = i, .text = &senders_of(settings)[i].name};
	qsort(claims, n, sizeof(*claims), compare_texts);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(*claims[i].text, *claims[i - 1].text) == 0)
			mistake_add(mistakes, conf_at(conf, claims[i].text),
				"there is a sender %s already",
				MISTAKE_TEXT(slice_str(*claims[i].text)));
	}
	free(claims);
}

/* Those that can be read, sorted; *n of them. The caller frees. */
static struct claim *claims_of(const struct sender_settings *settings, size_t *n)
{
	struct claim *claims;
	size_t most = 0;

	for (size_t i = 0; i < settings->senders.n; i++)
		most += senders_of(settings)[i].addresses.n;
	claims = new_claims(most);
	*n = 0;
	for (size_t i = 0; i < settings->senders.n; i++) {
		const struct written_sender *sender = &senders_of(settings)[i];

		for (size_t j = 0; j < sender->addresses.n; j++) {
			struct claim *claim = &claims[*n];

			claim->sender = i;
			claim->certificate = sender->tokens.n > 0 ? sender->tokens.items[0]
								  : sender->certificate;
			claim->text = &sender->addresses.items[j];
			*n += netprefix_parse(slice_str(*claim->text), &claim->prefix, NULL);
		}
	}
	qsort(claims, *n, sizeof(*claims), compare_claims);
	return claims;
}

/* Whom a listener gives what is claimed: the first; a number of a sender, + 1; 0 = nobody. */
struct owners {
	size_t of[LISTENERS_MAX];
};

/* The first sender that has it at one of these listeners, or 0. */
static size_t take_claim(struct owners *owners, uint32_t listeners, size_t sender)
{
	size_t first = 0;

	for (unsigned i = 0; i < LISTENERS_MAX; i++) {
		size_t *owner = &owners->of[i];

		if ((listeners & 1U << i) == 0)
			continue;
		if (*owner == 0)
			*owner = sender + 1;
		else if (*owner != sender + 1 && (first == 0 || *owner < first))
			first = *owner;
	}
	return first;
}

/* A token is one sender's, wherever that is; and it is there once. */
static void check_token_claims(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	struct claim *claims = new_claims(settings->senders.n * TOKENS_MAX);
	size_t n = 0;

	for (size_t i = 0; i < settings->senders.n; i++) {
		const struct setting_texts *tokens = &senders_of(settings)[i].tokens;

		for (size_t j = 0; j < tokens->n && j < TOKENS_MAX; j++)
			claims[n++] = (struct claim){.sender = i,
				.certificate = tokens->items[j],
				.text = &tokens->items[j]};
	}
	qsort(claims, n, sizeof(*claims), compare_claims);
	for (size_t i = 1; i < n; i++) {
		if (compare_claimed(&claims[i], &claims[i - 1]) == 0)
			mistake_add(mistakes, conf_at(conf, claims[i].text),
				"this is a token of %s already",
				MISTAKE_TEXT(slice_str(
					senders_of(settings)[claims[i - 1].sender].name)));
	}
	free(claims);
}

/* Two of one address, of which the first would win whatever was meant. */
static void check_claims(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	struct owners owners = {{0}};
	size_t n;
	struct claim *claims = claims_of(settings, &n);

	for (size_t i = 0; i < n; i++) {
		const struct claim *claim = &claims[i];
		const struct written_sender *sender = &senders_of(settings)[claim->sender];

		if (i > 0 && compare_claimed(claim, claim - 1) != 0)
			owners = (struct owners){{0}};
		const size_t first = take_claim(
			&owners, sender_listeners(settings, &sender->listeners), claim->sender);
		if (first > 0)
			mistake_add(mistakes, conf_at(conf, claim->text),
				"these are the addresses of %s too",
				MISTAKE_TEXT(slice_str(senders_of(settings)[first - 1].name)));
	}
	free(claims);
}

void sender_claims_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	check_names(conf, settings, mistakes);
	check_claims(conf, settings, mistakes);
	check_token_claims(conf, settings, mistakes);
}
