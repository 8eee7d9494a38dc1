#include "collector/ingest/senders/senders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/ingest/senders/sender_index.h"
#include "collector/ingest/senders/sender_settings_inner.h"
#include "common/arena.h"
#include "common/clock.h"

enum { TEXTS_MAX = 64 << 20 };

struct token {
	const unsigned char *hash;
	const struct sender *sender;
};

struct senders {
	atomic_uint refs;
	struct arena arena; /* of all that is below */
	struct sender *items;
	size_t n;
	struct sender_index by_address;
	const struct sender **named; /* those with a certificate, by its name */
	size_t n_named;
	struct token *tokens; /* by their bytes */
	size_t n_tokens;
};

/* ---- building --------------------------------------------------------------- */

static void *allocate(struct senders *senders, size_t size)
{
	void *memory = arena_alloc(&senders->arena, size);

	if (memory == NULL)
		abort(); /* a file of settings is smaller than that */
	return memory;
}

static unsigned hex_value(char digit)
{
	const unsigned lower = (unsigned char)digit | 0x20U;

	return lower >= 'a' ? lower - 'a' + 10 : lower - '0';
}

/* Those that are no hashes; the check found them before. */
static size_t parse_tokens(
	const struct setting_texts *texts, unsigned char (*tokens)[TOKEN_HASH_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < texts->n; i++) {
		const char *text = texts->items[i];

		if (!sender_token_is_hash(text))
			continue;
		for (size_t j = 0; j < TOKEN_HASH_SIZE; j++)
			tokens[n][j] = (unsigned char)(hex_value(text[2 * j]) << 4 |
						       hex_value(text[2 * j + 1]));
		n++;
	}
	return n;
}

static const char *copy_text(struct senders *senders, const char *text)
{
	const size_t size = strlen(text) + 1;

	return memcpy(allocate(senders, size), text, size);
}

/* Those that are no prefix; the check found them before. */
static size_t parse_ranges(const struct setting_texts *texts, struct netprefix *ranges)
{
	size_t n = 0;

	for (size_t i = 0; i < texts->n; i++) {
		if (netprefix_parse(slice_str(texts->items[i]), &ranges[n], NULL))
			n++;
	}
	return n;
}

/* Those that are no number the check found before. */
static const uint32_t *copy_numbers(
	struct senders *senders, const struct setting_texts *texts, size_t *n)
{
	uint32_t *numbers = allocate(senders, (texts->n + 1) * sizeof(*numbers));

	*n = 0;
	for (size_t i = 0; i < texts->n; i++)
		*n += sender_host_number(texts->items[i], &numbers[*n]);
	return numbers;
}

/* NULL: it has none of its own, or, since the check, the system has lost it. */
static const struct zone *find_zone(struct senders *senders, const char *name)
{
	char rule[ZONE_RULE_MAX];
	struct zone found;
	struct err err;

	if (name[0] == '\0' || !zone_find(name, rule, &err) ||
		!zone_parse(slice_str(rule), &found))
		return NULL;
	struct zone *zone = allocate(senders, sizeof(*zone));
	*zone = found;
	return zone;
}

static void build(struct senders *senders, struct sender *sender,
	const struct sender_settings *settings, const struct written_sender *written,
	struct sender_book *book)
{
	struct netprefix *ranges =
		allocate(senders, (written->addresses.n + 1) * sizeof(*ranges));

	unsigned char(*tokens)[TOKEN_HASH_SIZE] =
		allocate(senders, (written->tokens.n + 1) * sizeof(*tokens));

	*sender = (struct sender){
		.name = copy_text(senders, written->name),
		.ranges = ranges,
		.n_ranges = parse_ranges(&written->addresses, ranges),
		.listeners = sender_listeners(settings, &written->listeners),
		.certificate = copy_text(senders, written->certificate),
		.tokens = tokens,
		.n_tokens = parse_tokens(&written->tokens, tokens),
		.agency = written->agency,
		.host = written->host,
		.names_host = written->names_host,
		.zone = find_zone(senders, written->zone),
		.format = copy_text(senders, written->format),
		.connections_max = written->connections_max,
		.charset = CHARSET_UTF_8,
		.state = sender_book_state(book, written->name),
		.account = sender_book_agency(book, written->agency),
	};
	sender->hosts = copy_numbers(senders, &written->hosts, &sender->n_hosts);
	(void)!charset_by_name(slice_str(written->charset), &sender->charset);
}

/* By its name, and of one name by the settings' order. */
static int compare_named(const void *left, const void *right)
{
	const struct sender *const *a = left, *const *b = right;
	const int by_name = strcasecmp((*a)->certificate, (*b)->certificate);

	return by_name != 0 ? by_name : *a < *b ? -1 : *a > *b;
}

static void index_addresses(struct senders *senders)
{
	struct sender_index *index = &senders->by_address;
	size_t n = 0;

	for (size_t i = 0; i < senders->n; i++)
		n += senders->items[i].n_ranges;
	index->entries = allocate(senders, (n + 1) * sizeof(*index->entries));
	for (size_t i = 0; i < senders->n; i++) {
		const struct sender *sender = &senders->items[i];

		for (size_t j = 0; j < sender->n_ranges; j++)
			sender_index_add(index, &sender->ranges[j], sender);
	}
	sender_index_sort(index);
}

static void index_names(struct senders *senders)
{
	senders->named = allocate(senders, (senders->n + 1) * sizeof(struct sender *));
	for (size_t i = 0; i < senders->n; i++) {
		if (senders->items[i].certificate[0] != '\0')
			senders->named[senders->n_named++] = &senders->items[i];
	}
	if (senders->n_named > 0)
		qsort(senders->named, senders->n_named, sizeof(struct sender *), compare_named);
}

static int compare_tokens(const void *left, const void *right)
{
	const struct token *a = left, *b = right;

	return memcmp(a->hash, b->hash, TOKEN_HASH_SIZE);
}

static void index_tokens(struct senders *senders)
{
	senders->tokens =
		allocate(senders, (senders->n * TOKENS_MAX + 1) * sizeof(*senders->tokens));
	for (size_t i = 0; i < senders->n; i++) {
		const struct sender *sender = &senders->items[i];

		for (size_t j = 0; j < sender->n_tokens; j++)
			senders->tokens[senders->n_tokens++] =
				(struct token){sender->tokens[j], sender};
	}
	if (senders->n_tokens > 0)
		qsort(senders->tokens, senders->n_tokens, sizeof(*senders->tokens),
			compare_tokens);
}

struct senders *senders_new(const struct sender_settings *settings, struct sender_book *book)
{
	const struct written_sender *written = settings->senders.items;
	struct senders *senders = calloc(1, sizeof(*senders));

	if (senders == NULL)
		abort();
	atomic_init(&senders->refs, 1);
	arena_init(&senders->arena, TEXTS_MAX);
	senders->n = settings->senders.n;
	senders->items = allocate(senders, (senders->n + 1) * sizeof(*senders->items));
	for (size_t i = 0; i < senders->n; i++)
		build(senders, &senders->items[i], settings, &written[i], book);
	index_addresses(senders);
	index_names(senders);
	index_tokens(senders);
	return senders;
}

struct senders *senders_ref(struct senders *senders)
{
	atomic_fetch_add(&senders->refs, 1);
	return senders;
}

void senders_unref(struct senders *senders)
{
	if (senders == NULL || atomic_fetch_sub(&senders->refs, 1) > 1)
		return;
	arena_done(&senders->arena);
	free(senders);
}

/* ---- looking up -------------------------------------------------------------- */

/* Bits of its longest prefix that holds the address, + 1; 0 = none does. */
static unsigned fits(
	const struct sender *sender, unsigned listener, const struct netaddr *address)
{
	unsigned best = 0;

	if ((sender->listeners & 1U << listener) == 0)
		return 0;
	for (size_t i = 0; i < sender->n_ranges; i++) {
		const struct netprefix *range = &sender->ranges[i];

		if (range->bits + 1U > best && netprefix_holds(range, address))
			best = range->bits + 1U;
	}
	return best;
}

struct question {
	unsigned listener;
	bool by_address; /* alone */
};

enum identity_strength sender_strength(const struct sender *sender)
{
	if (sender->certificate[0] != '\0')
		return IDENTITY_CERTIFICATE;
	return sender->n_tokens > 0 ? IDENTITY_TOKEN : IDENTITY_ADDRESS;
}

static bool answers(void *user, const struct sender *sender)
{
	const struct question *question = user;

	return (sender->listeners & 1U << question->listener) != 0 &&
	       (!question->by_address || sender_strength(sender) == IDENTITY_ADDRESS);
}

const struct sender *senders_by_address(
	const struct senders *senders, unsigned listener, const struct netaddr *address)
{
	struct question question = {listener, .by_address = true};

	return sender_index_find(&senders->by_address, address, answers, &question);
}

bool senders_may_come(
	const struct senders *senders, unsigned listener, const struct netaddr *address)
{
	struct question question = {listener, .by_address = false};

	return sender_index_find(&senders->by_address, address, answers, &question) != NULL;
}

static size_t first_named(const struct senders *senders, const char *name)
{
	size_t from = 0, to = senders->n_named;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (strcasecmp(senders->named[middle]->certificate, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static const struct sender *find_named(const struct senders *senders, unsigned listener,
	const struct netaddr *address, const char *text)
{
	const struct sender *found = NULL;
	unsigned best = 0;

	for (size_t i = first_named(senders, text); i < senders->n_named; i++) {
		const struct sender *sender = senders->named[i];
		const unsigned bits = fits(sender, listener, address);

		if (strcasecmp(sender->certificate, text) != 0)
			break;
		if (bits > best) {
			best = bits;
			found = sender;
		}
	}
	return found;
}

/* One that has the name itself goes before one that has all names like it. */
const struct sender *senders_by_certificate(const struct senders *senders, unsigned listener,
	const struct netaddr *address, struct slice name)
{
	char text[CERTIFICATE_NAME_MAX + 1], any[CERTIFICATE_NAME_MAX + 2];

	if (name.len == 0 || name.len > CERTIFICATE_NAME_MAX ||
		memchr(name.ptr, '\0', name.len) != NULL)
		return NULL;
	snprintf(text, sizeof(text), "%.*s", SLICE_FMT(name));
	const struct sender *found = find_named(senders, listener, address, text);
	const char *dot = strchr(text, '.');
	if (found != NULL || dot == NULL || dot == text)
		return found;
	snprintf(any, sizeof(any), "*%s", dot);
	return find_named(senders, listener, address, any);
}

const struct sender *senders_with_token(
	const struct senders *senders, const unsigned char hash[TOKEN_HASH_SIZE])
{
	const struct token wanted = {.hash = hash};
	const struct token *token =
		senders->n_tokens == 0 ? NULL
				       : bsearch(&wanted, senders->tokens, senders->n_tokens,
						 sizeof(wanted), compare_tokens);

	return token != NULL ? token->sender : NULL;
}

const struct sender *senders_by_token(const struct senders *senders, unsigned listener,
	const struct netaddr *address, const unsigned char hash[TOKEN_HASH_SIZE])
{
	const struct sender *sender = senders_with_token(senders, hash);

	return sender != NULL && fits(sender, listener, address) > 0 ? sender : NULL;
}

void senders_walk(const struct senders *senders,
	bool (*visit)(void *user, const struct sender *sender), void *user)
{
	for (size_t i = 0; i < senders->n && visit(user, &senders->items[i]); i++)
		;
}
