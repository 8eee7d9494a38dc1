#include "collector/ingest/senders/senders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/ingest/senders/sender_index.h"

#include "common/arena.h"
#include "common/clock.h"

enum { TEXTS_MAX = 64 << 20, ALL_LISTENERS = (1U << LISTENERS_MAX) - 1 };

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

/* ---- checking --------------------------------------------------------------- */

static const struct written_listener *listeners_of(const struct sender_settings *settings)
{
	return settings->listeners.items;
}

static const struct written_sender *senders_of(const struct sender_settings *settings)
{
	return settings->senders.items;
}

static int listener_number(const struct sender_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->listeners.n; i++) {
		if (strcmp(listeners_of(settings)[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void check_tls(const struct conf *conf, const struct written_listener *listener,
	struct mistakes *mistakes)
{
	const bool is_tls = listener->transport == TRANSPORT_TLS;

	if (is_tls && (listener->certificate[0] == '\0' || listener->key[0] == '\0'))
		mistake_add(mistakes, conf_at(conf, &listener->transport),
			"tls needs 'certificate' and 'key'");
	if (is_tls && listener->clients != CLIENTS_NONE && listener->ca[0] == '\0')
		mistake_add(mistakes, conf_at(conf, &listener->clients),
			"certificates of senders can be checked only with 'ca'");
	if (listener->transport == TRANSPORT_UDP && listener->protocol != PROTOCOL_SYSLOG &&
		!protocol_is_export(listener->protocol))
		mistake_add(mistakes, conf_at(conf, &listener->protocol),
			"%s needs a connection: tls or tcp",
			listener_protocol_name((enum listener_protocol)listener->protocol));
	if (listener->protocol == PROTOCOL_WEF &&
		(!is_tls || listener->clients != CLIENTS_REQUIRED))
		mistake_add(mistakes, conf_at(conf, &listener->protocol),
			"wef needs tls and 'clients: required'");
	if (listener->transport != TRANSPORT_UDP && protocol_is_export(listener->protocol))
		mistake_add(mistakes, conf_at(conf, &listener->protocol),
			"flow records come by udp");
	if (!is_tls && listener->clients != CLIENTS_NONE)
		mistake_add(mistakes, conf_at(conf, &listener->clients),
			"only tls asks senders for a certificate");
}

static void check_listener(const struct conf *conf, const struct sender_settings *settings,
	size_t i, struct mistakes *mistakes)
{
	const struct written_listener *listener = &listeners_of(settings)[i];

	if (listener_number(settings, listener->name) != (int)i)
		mistake_add(mistakes, conf_at(conf, &listener->name),
			"there is a listener %s already",
			MISTAKE_TEXT(slice_str(listener->name)));
	check_tls(conf, listener, mistakes);
}

static void check_addresses(
	const struct conf *conf, const struct written_sender *sender, struct mistakes *mistakes)
{
	for (size_t i = 0; i < sender->addresses.n; i++) {
		struct netprefix prefix;
		struct err err;

		if (!netprefix_parse(slice_str(sender->addresses.items[i]), &prefix, &err))
			mistake_add(mistakes, conf_at(conf, &sender->addresses.items[i]), "%s",
				err.text);
	}
}

static bool has_text(const struct setting_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], text) == 0)
			return true;
	}
	return false;
}

static uint32_t listeners_by_name(
	const struct sender_settings *settings, const struct setting_texts *names)
{
	uint32_t set = 0;

	for (size_t i = 0; i < names->n; i++) {
		int number = listener_number(settings, names->items[i]);

		if (number >= 0)
			set |= 1U << number;
	}
	return names->n > 0 ? set : ALL_LISTENERS;
}

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
		const size_t first = take_claim(&owners,
			listeners_by_name(settings, &sender->listeners), claim->sender);
		if (first > 0)
			mistake_add(mistakes, conf_at(conf, claim->text),
				"these are the addresses of %s too",
				MISTAKE_TEXT(slice_str(senders_of(settings)[first - 1].name)));
	}
	free(claims);
}

/* Beats sends JSON, which is UTF-8 (RFC 8259 §8.1), flow records become JSON, and what Windows
 * sends says what it is. */
static bool is_utf8(int protocol)
{
	return protocol == PROTOCOL_BEATS || protocol == PROTOCOL_WEF ||
	       protocol_is_export(protocol);
}

static void check_charset(const struct conf *conf, const struct sender_settings *settings,
	const struct written_sender *sender, struct mistakes *mistakes)
{
	const uint32_t set = listeners_by_name(settings, &sender->listeners);
	enum charset charset;
	bool may_use = settings->listeners.n == 0 || set == 0;

	if (!charset_by_name(slice_str(sender->charset), &charset)) {
		mistake_add(mistakes, conf_at(conf, &sender->charset),
			"there is no character set %s",
			MISTAKE_TEXT(slice_str(sender->charset)));
		return;
	}
	for (size_t i = 0; i < settings->listeners.n; i++)
		may_use |= (set & 1U << i) != 0 && !is_utf8(listeners_of(settings)[i].protocol);
	if (charset != CHARSET_UTF_8 && !may_use)
		mistake_add(mistakes, conf_at(conf, &sender->charset),
			"its listeners speak protocols whose text is utf-8");
}

/* "*.xa.example": a star stands for the first part, and nowhere else. */
static bool is_certificate_name(const char *name)
{
	const char *star = strrchr(name, '*');

	return star == NULL || (star == name && name[1] == '.' && name[2] != '\0');
}

/* It can only be known by its certificate where one is asked for. */
static bool asks_for_certificates(
	const struct sender_settings *settings, const struct written_sender *sender)
{
	for (size_t i = 0; i < settings->listeners.n; i++) {
		const struct written_listener *listener = &listeners_of(settings)[i];

		if (listener->clients != CLIENTS_NONE &&
			(sender->listeners.n == 0 ||
				has_text(&sender->listeners, listener->name)))
			return true;
	}
	return false;
}

static bool is_hash(const char *text)
{
	return strlen(text) == 2 * TOKEN_HASH_SIZE &&
	       strspn(text, "0123456789abcdefABCDEF") == 2 * TOKEN_HASH_SIZE;
}

static bool may_show_token(
	const struct sender_settings *settings, const struct written_sender *sender)
{
	const uint32_t set = listeners_by_name(settings, &sender->listeners);

	for (size_t i = 0; i < settings->listeners.n; i++) {
		if ((set & 1U << i) != 0 && listeners_of(settings)[i].protocol == PROTOCOL_HTTP)
			return true;
	}
	return false;
}

static void check_tokens(const struct conf *conf, const struct sender_settings *settings,
	const struct written_sender *sender, struct mistakes *mistakes)
{
	if (sender->tokens.n == 0)
		return;
	for (size_t i = 0; i < sender->tokens.n; i++) {
		if (!is_hash(sender->tokens.items[i]))
			mistake_add(mistakes, conf_at(conf, &sender->tokens.items[i]),
				"no SHA-256: that is 64 digits, hexadecimal; `soc-ctl token` "
				"makes them");
	}
	if (sender->certificate[0] != '\0')
		mistake_add(mistakes, conf_at(conf, &sender->certificate),
			"it is known by its token, or by a certificate: one of both");
	if (!may_show_token(settings, sender))
		mistake_add(mistakes, conf_at(conf, &sender->tokens.items[0]),
			"none of its listeners speaks http");
}

static void check_zone(
	const struct conf *conf, const struct written_sender *sender, struct mistakes *mistakes)
{
	char rule[ZONE_RULE_MAX];
	struct err err;

	if (sender->zone[0] != '\0' && !zone_find(sender->zone, rule, &err))
		mistake_add(mistakes, conf_at(conf, &sender->zone), "%s", err.text);
}

static bool host_number(const char *text, uint32_t *host)
{
	uint64_t number;

	if (!slice_to_u64(slice_str(text), UINT32_MAX, &number) || number == 0)
		return false;
	*host = (uint32_t)number;
	return true;
}

static void check_hosts(
	const struct conf *conf, const struct written_sender *sender, struct mistakes *mistakes)
{
	uint32_t host;

	if (sender->hosts.n > 0 && !sender->names_host)
		mistake_add(mistakes, conf_at(conf, &sender->hosts),
			"hosts are named with 'names-host: true' only");
	for (size_t i = 0; i < sender->hosts.n; i++) {
		if (!host_number(sender->hosts.items[i], &host))
			mistake_add(mistakes, conf_at(conf, &sender->hosts.items[i]),
				"%s is not the number of a host",
				MISTAKE_TEXT(slice_str(sender->hosts.items[i])));
	}
}

static void check_sender(const struct conf *conf, const struct sender_settings *settings,
	size_t i, struct mistakes *mistakes)
{
	const struct written_sender *sender = &senders_of(settings)[i];

	check_addresses(conf, sender, mistakes);
	for (size_t j = 0; j < sender->listeners.n; j++) {
		if (listener_number(settings, sender->listeners.items[j]) < 0)
			mistake_add(mistakes, conf_at(conf, &sender->listeners.items[j]),
				"there is no listener %s",
				MISTAKE_TEXT(slice_str(sender->listeners.items[j])));
	}
	if (sender->certificate[0] != '\0' && !asks_for_certificates(settings, sender))
		mistake_add(mistakes, conf_at(conf, &sender->certificate),
			"none of its listeners asks for a certificate");
	if (!is_certificate_name(sender->certificate))
		mistake_add(mistakes, conf_at(conf, &sender->certificate),
			"a * stands for the first part of a name, as in *.xa.example");
	check_hosts(conf, sender, mistakes);
	check_tokens(conf, settings, sender, mistakes);
	check_zone(conf, sender, mistakes);
	check_charset(conf, settings, sender, mistakes);
}

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

		if (!is_hash(text))
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
		*n += host_number(texts->items[i], &numbers[*n]);
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
		.listeners = listeners_by_name(settings, &written->listeners),
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
	struct senders *senders = calloc(1, sizeof(*senders));

	if (senders == NULL)
		abort();
	atomic_init(&senders->refs, 1);
	arena_init(&senders->arena, TEXTS_MAX);
	senders->n = settings->senders.n;
	senders->items = allocate(senders, (senders->n + 1) * sizeof(*senders->items));
	for (size_t i = 0; i < senders->n; i++)
		build(senders, &senders->items[i], settings, &senders_of(settings)[i], book);
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

void sender_settings_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	for (size_t i = 0; i < settings->listeners.n; i++)
		check_listener(conf, settings, i, mistakes);
	for (size_t i = 0; i < settings->senders.n; i++)
		check_sender(conf, settings, i, mistakes);
	check_names(conf, settings, mistakes);
	check_claims(conf, settings, mistakes);
	check_token_claims(conf, settings, mistakes);
}
