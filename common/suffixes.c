/*
 * Every rule, and every name a rule lies below, stands in one table by its hash. The hash of a
 * name is taken from its last byte to its first, so that one walk from the right has that of
 * each suffix when it comes to the dot before it; the walk ends at the first suffix that no
 * rule knows.
 */
#include "common/suffixes.h"

#include <stdlib.h>

#include "common/file.h"
#include "common/mistakes.h"
#include "common/punycode.h"

enum suffix_kind {
	SUFFIX_RULE = 1,      /* "gov.vn" */
	SUFFIX_WILDCARD = 2,  /* of "*.ck": every name right below it is one */
	SUFFIX_EXCEPTION = 4, /* of "!www.ck": this one is not */
	SUFFIX_WAY = 8,       /* rules lie below it */
};

struct entry {
	uint32_t hash;
	uint32_t at; /* of its name in the texts */
	uint8_t len; /* 0 = free */
	uint8_t kinds;
};

struct suffixes {
	struct entry *entries; /* open addressing */
	size_t room, n;        /* room is a power of two */
	struct strbuf texts;
	size_t n_rules;
};

enum {
	ROOM_FIRST = 1024,
	TEXTS_MAX = 64 << 20,
	HASH_FIRST = 0x811c9dc5,
	LABELS_MAX = 15, /* of a public suffix; the longest of the public list has five */
};

static uint32_t hash_on(uint32_t hash, char byte)
{
	return (hash ^ (unsigned char)byte) * 0x01000193; /* FNV-1a */
}

static uint32_t hash_of(struct slice name)
{
	uint32_t hash = HASH_FIRST;

	for (size_t i = name.len; i-- > 0;)
		hash = hash_on(hash, name.ptr[i]);
	return hash;
}

static struct entry *find(
	const struct suffixes *suffixes, const char *name, size_t len, uint32_t hash)
{
	size_t at = (hash ^ hash >> 15) & (suffixes->room - 1);

	for (;; at = (at + 1) & (suffixes->room - 1)) {
		struct entry *entry = &suffixes->entries[at];

		if (entry->len == 0 ||
			(entry->hash == hash && entry->len == len &&
				memcmp(suffixes->texts.ptr + entry->at, name, len) == 0))
			return entry;
	}
}

/* ---- building --------------------------------------------------------------- */

static void grow(struct suffixes *suffixes)
{
	struct entry *old = suffixes->entries;
	size_t old_room = suffixes->room;

	suffixes->room = old_room ? old_room * 2 : ROOM_FIRST;
	suffixes->entries = calloc(suffixes->room, sizeof(*old));
	if (suffixes->entries == NULL)
		abort();
	for (size_t i = 0; i < old_room; i++) {
		if (old[i].len > 0)
			*find(suffixes, suffixes->texts.ptr + old[i].at, old[i].len,
				old[i].hash) = old[i];
	}
	free(old);
}

/* `name` has 1 to DOMAIN_NAME_MAX bytes. */
static void add(struct suffixes *suffixes, struct slice name, enum suffix_kind kind)
{
	uint32_t hash = hash_of(name);

	if (suffixes->n * 2 >= suffixes->room)
		grow(suffixes);
	struct entry *entry = find(suffixes, name.ptr, name.len, hash);
	if (entry->len == 0) {
		*entry = (struct entry){.hash = hash,
			.at = (uint32_t)suffixes->texts.len,
			.len = (uint8_t)name.len};
		strbuf_add(&suffixes->texts, name);
		suffixes->n++;
	}
	entry->kinds |= (uint8_t)kind;
}

static void add_with_way(struct suffixes *suffixes, struct slice name, enum suffix_kind kind)
{
	struct slice rest = name, label;

	add(suffixes, name, kind);
	while (slice_cut(&rest, '.', &label) && !slice_absent(rest))
		add(suffixes, rest, SUFFIX_WAY);
}

/* The name in ASCII, as DNS carries it; false when a label is none. */
static bool to_ascii(struct slice name, char *out, size_t *len)
{
	struct slice label;

	*len = 0;
	while (slice_cut(&name, '.', &label)) {
		char ascii[DOMAIN_LABEL_MAX];
		size_t n = 0;

		if (label.len == 0 || !punycode_label(label, ascii, &n) ||
			*len + n + 1 > DOMAIN_NAME_MAX)
			return false;
		memcpy(out + *len, ascii, n);
		*len += n;
		out[(*len)++] = '.';
	}
	--*len;
	return true;
}

static size_t n_labels(struct slice name)
{
	size_t n = 1;

	for (size_t i = 0; i < name.len; i++)
		n += name.ptr[i] == '.';
	return n;
}

/* "gov.vn", "*.ck", "!www.ck" */
static bool add_rule(struct suffixes *suffixes, struct slice rule)
{
	enum suffix_kind kind = SUFFIX_RULE;
	char ascii[DOMAIN_NAME_MAX];
	size_t len;

	if (slice_starts(rule, SLICE_LIT("!"))) {
		kind = SUFFIX_EXCEPTION;
		rule = slice_from(rule, 1);
	} else if (slice_starts(rule, SLICE_LIT("*."))) {
		kind = SUFFIX_WILDCARD;
		rule = slice_from(rule, 2);
	}
	if (rule.len == 0 || rule.len > DOMAIN_NAME_MAX || slice_find(rule, '*') < rule.len ||
		n_labels(rule) + (kind == SUFFIX_WILDCARD) > LABELS_MAX ||
		!to_ascii(rule, ascii, &len))
		return false;
	add_with_way(suffixes, rule, kind);
	add_with_way(suffixes, slice_of(ascii, len), kind);
	suffixes->n_rules++;
	return true;
}

static struct slice first_word(struct slice line)
{
	size_t len = 0;

	while (len < line.len && (unsigned char)line.ptr[len] > ' ')
		len++;
	return slice_head(line, len);
}

static bool add_lines(struct suffixes *suffixes, struct slice text, struct mistakes *mistakes)
{
	struct slice line;

	for (unsigned number = 1; slice_cut(&text, '\n', &line); number++) {
		struct slice rule = first_word(line);

		if (rule.len == 0 || slice_starts(rule, SLICE_LIT("//")))
			continue;
		if (suffixes->n_rules == SUFFIXES_MAX) {
			mistake_add(mistakes, (struct pos){.line = number},
				"more than %d public suffixes", SUFFIXES_MAX);
			break;
		}
		if (!add_rule(suffixes, rule))
			mistake_add(mistakes, (struct pos){.line = number, .column = 1},
				"%s is no rule of a list of public suffixes",
				MISTAKE_TEXT(rule));
	}
	return mistakes_end(mistakes);
}

static struct suffixes *new_suffixes(void)
{
	static const struct slice of_vn[] = {
#define SUFFIX(name) {SLICE_BYTES(name)},
#include "common/suffixes_vn.def"
#undef SUFFIX
	};
	struct suffixes *suffixes = calloc(1, sizeof(*suffixes));

	if (suffixes == NULL)
		abort();
	strbuf_init(&suffixes->texts, TEXTS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(of_vn); i++)
		(void)add_rule(suffixes, of_vn[i]);
	return suffixes;
}

struct suffixes *suffixes_parse(const char *name, struct slice text, struct strbuf *mistakes)
{
	struct suffixes *suffixes = new_suffixes();
	struct mistakes found = mistakes_into(mistakes, name);

	if (add_lines(suffixes, text, &found))
		return suffixes;
	suffixes_free(suffixes);
	return NULL;
}

struct suffixes *suffixes_load(const char *path, struct strbuf *mistakes)
{
	struct strbuf text = STRBUF_INIT(SUFFIXES_FILE_MAX);
	struct suffixes *suffixes = NULL;
	struct err err;

	if (path[0] == '\0' || file_read(path, &text, &err))
		suffixes = suffixes_parse(path, strbuf_slice(&text), mistakes);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
	return suffixes;
}

void suffixes_free(struct suffixes *suffixes)
{
	if (suffixes == NULL)
		return;
	free(suffixes->entries);
	strbuf_done(&suffixes->texts);
	free(suffixes);
}

size_t suffixes_count(const struct suffixes *suffixes)
{
	return suffixes->n_rules;
}

/* ---- splitting -------------------------------------------------------------- */

enum { DEPTH_MAX = LABELS_MAX + 1 }; /* a public suffix and one before it */

/* The suffixes of a name: the last label, the last two, ... */
struct labels {
	struct {
		uint32_t hash;
		uint8_t at; /* where it begins */
	} suffix[DEPTH_MAX];
	unsigned n; /* of all labels */
};

/* False for a name with an empty label. */
static bool read_labels(struct slice name, struct labels *labels)
{
	uint32_t hash = HASH_FIRST;
	size_t end = name.len;

	labels->n = 0;
	for (size_t i = name.len; i-- > 0;) {
		bool begins = i == 0 || name.ptr[i - 1] == '.';

		if (name.ptr[i] == '.' && (i + 1 == end || i == 0))
			return false;
		hash = hash_on(hash, name.ptr[i]);
		if (name.ptr[i] == '.')
			end = i;
		if (!begins || name.ptr[i] == '.')
			continue;
		if (labels->n < DEPTH_MAX) {
			labels->suffix[labels->n].hash = hash;
			labels->suffix[labels->n].at = (uint8_t)i;
		}
		labels->n++;
	}
	return true;
}

/* How many labels the public suffix has; without a rule for it, the last one. */
static unsigned count_public(
	const struct suffixes *suffixes, struct slice name, const struct labels *labels)
{
	unsigned n_public = 1;

	for (unsigned i = 0; i < labels->n && i < DEPTH_MAX - 1; i++) {
		struct slice suffix = slice_from(name, labels->suffix[i].at);
		const struct entry *entry =
			find(suffixes, suffix.ptr, suffix.len, labels->suffix[i].hash);

		if (entry->kinds & SUFFIX_EXCEPTION)
			return i > 0 ? i : 1; /* of a top-level domain there is none */
		if (entry->kinds & SUFFIX_RULE)
			n_public = i + 1;
		if ((entry->kinds & SUFFIX_WILDCARD) && i + 1 < labels->n)
			n_public = i + 2;
		if (!(entry->kinds & SUFFIX_WAY))
			break;
	}
	return n_public;
}

static bool is_number(struct slice label)
{
	uint64_t number;

	return slice_to_u64(label, UINT64_MAX, &number);
}

bool suffixes_split(
	const struct suffixes *suffixes, struct slice domain, struct domain_parts *parts)
{
	struct labels labels;

	if (slice_ends(domain, SLICE_LIT(".")))
		domain.len--;
	if (domain.len == 0 || domain.len > DOMAIN_NAME_MAX || !read_labels(domain, &labels) ||
		labels.n < 2 || is_number(slice_from(domain, labels.suffix[0].at)) ||
		slice_find(domain, ':') < domain.len)
		return false;

	unsigned n_public = count_public(suffixes, domain, &labels);
	*parts = (struct domain_parts){
		.top_level = slice_from(domain, labels.suffix[n_public - 1].at)};
	if (labels.n > n_public) {
		size_t at = labels.suffix[n_public].at;

		parts->registered = slice_from(domain, at);
		if (at > 0)
			parts->subdomain = slice_head(domain, at - 1);
	}
	return true;
}
