#include "collector/detect/indicators/warning_lists.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <xxhash.h>

#include "collector/detect/indicators/url_form.h"
#include "collector/detect/sigma/regex.h"
#include "common/address_map.h"
#include "common/needles.h"
#include "common/table.h"

enum { NAMES_MAX = 1 << 20 };

struct list {
	size_t name_at, name_len; /* in names */
	enum warning_kind kind;
	unsigned families;
	size_t values, covered;
	_Atomic uint64_t hits;
};

struct value_key {
	uint64_t low, high; /* of the value's hash */
	uint32_t family;
	uint32_t below; /* 1: names below it too */
};

struct expression {
	struct regex *regex;
	uint32_t list;
};

struct substring {
	char *text;
	size_t len;
	uint32_t list;
};

struct warning_lists {
	struct list *lists;
	size_t n;
	struct strbuf names;
	struct table values; /* struct value_key -> uint32_t list */
	struct address_span *spans;
	size_t n_spans, spans_room;
	struct address_map *addresses; /* -> list */
	struct substring *substrings;
	size_t n_substrings;
	struct needles *needles;
	struct expression *expressions;
	size_t n_expressions;
	struct regex_matcher *matcher;
};

static void *alloc(size_t n, size_t size)
{
	void *items = calloc(n ? n : 1, size);

	if (items == NULL)
		abort();
	return items;
}

struct warning_lists *warning_lists_new(void)
{
	struct warning_lists *lists = alloc(1, sizeof(*lists));

	lists->lists = alloc(WARNING_LISTS_MAX, sizeof(*lists->lists));
	lists->substrings = alloc(WARNING_SUBSTRINGS_MAX, sizeof(*lists->substrings));
	lists->expressions = alloc(WARNING_REGEXES_MAX, sizeof(*lists->expressions));
	lists->matcher = regex_matcher_new();
	strbuf_init(&lists->names, NAMES_MAX);
	table_init(
		&lists->values, sizeof(struct value_key), sizeof(uint32_t), WARNING_VALUES_MAX);
	return lists;
}

void warning_lists_free(struct warning_lists *lists)
{
	if (lists == NULL)
		return;
	for (size_t i = 0; i < lists->n_expressions; i++)
		regex_free(lists->expressions[i].regex);
	for (size_t i = 0; i < lists->n_substrings; i++)
		free(lists->substrings[i].text);
	regex_matcher_free(lists->matcher);
	needles_free(lists->needles);
	address_map_free(lists->addresses);
	table_done(&lists->values);
	strbuf_done(&lists->names);
	free(lists->spans);
	free(lists->expressions);
	free(lists->substrings);
	free(lists->lists);
	free(lists);
}

/* ---- names ---------------------------------------------------------------------- */

enum warning_kind warning_kind_by_name(struct slice name)
{
	static const struct slice kinds[WARNING_KINDS] = {
		[WARNING_STRING] = {SLICE_BYTES("string")},
		[WARNING_HOSTNAME] = {SLICE_BYTES("hostname")},
		[WARNING_SUBSTRING] = {SLICE_BYTES("substring")},
		[WARNING_CIDR] = {SLICE_BYTES("cidr")},
		[WARNING_REGEX] = {SLICE_BYTES("regex")},
	};

	for (unsigned i = 0; i < WARNING_KINDS; i++) {
		if (slice_eq(name, kinds[i]))
			return (enum warning_kind)i;
	}
	return WARNING_KINDS;
}

unsigned warning_families_of(struct slice attribute)
{
	static const struct {
		struct slice part;
		unsigned families;
	} parts[] = {
		{{SLICE_BYTES("ip-src")}, WARNING_ADDRESSES},
		{{SLICE_BYTES("ip-dst")}, WARNING_ADDRESSES},
		{{SLICE_BYTES("ip")}, WARNING_ADDRESSES},
		{{SLICE_BYTES("domain")}, WARNING_DOMAINS},
		{{SLICE_BYTES("hostname")}, WARNING_DOMAINS},
		{{SLICE_BYTES("url")}, WARNING_URLS},
		{{SLICE_BYTES("uri")}, WARNING_URLS},
		{{SLICE_BYTES("md5")}, WARNING_HASHES},
		{{SLICE_BYTES("sha1")}, WARNING_HASHES},
		{{SLICE_BYTES("sha256")}, WARNING_HASHES},
		{{SLICE_BYTES("sha512")}, WARNING_HASHES},
		{{SLICE_BYTES("email")}, WARNING_EMAILS},
		{{SLICE_BYTES("email-src")}, WARNING_EMAILS},
		{{SLICE_BYTES("email-dst")}, WARNING_EMAILS},
		{{SLICE_BYTES("email-reply-to")}, WARNING_EMAILS},
		{{SLICE_BYTES("target-email")}, WARNING_EMAILS},
	};
	unsigned families = 0;
	struct slice part;

	while (slice_cut(&attribute, '|', &part)) {
		for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
			if (slice_eq(part, parts[i].part))
				families |= parts[i].families;
		}
	}
	return families;
}

static enum warning_family family_of(enum indicator_type type)
{
	switch (type) {
	case INDICATOR_ADDRESS:
	case INDICATOR_PREFIX:
	case INDICATOR_ENDPOINT:
		return WARNING_ADDRESSES;
	case INDICATOR_DOMAIN:
		return WARNING_DOMAINS;
	case INDICATOR_URL:
		return WARNING_URLS;
	case INDICATOR_EMAIL:
		return WARNING_EMAILS;
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
	case INDICATOR_SHA512:
		return WARNING_HASHES;
	default:
		return (enum warning_family)0;
	}
}

/* ---- filling ---------------------------------------------------------------------- */

uint32_t warning_lists_begin(struct warning_lists *lists, struct slice name,
	enum warning_kind kind, unsigned families)
{
	struct list *list;

	if (lists->n == WARNING_LISTS_MAX || lists->names.limit - lists->names.len < name.len)
		return UINT32_MAX;
	list = &lists->lists[lists->n];
	list->name_at = lists->names.len;
	list->name_len = name.len;
	list->kind = kind;
	list->families = families;
	strbuf_add(&lists->names, name);
	return (uint32_t)lists->n++;
}

static struct value_key key_of(unsigned family, bool below, struct slice bytes)
{
	XXH128_hash_t hash = XXH3_128bits(bytes.ptr, bytes.len);

	return (struct value_key){hash.low64, hash.high64, family, below};
}

static const char *put_value(
	struct warning_lists *lists, uint32_t list, bool below, struct slice bytes)
{
	for (unsigned family = 1; family <= WARNING_PAGES; family <<= 1) {
		struct value_key key = key_of(family, below, bytes);
		bool is_new;
		uint32_t *value;

		if (!(lists->lists[list].families & family))
			continue;
		value = table_put(&lists->values, &key, &is_new);
		if (value == NULL)
			return "too many values";
		if (is_new)
			*value = list;
	}
	return NULL;
}

static const char *put_span(
	struct warning_lists *lists, uint32_t list, const struct netprefix *prefix)
{
	if (lists->n_spans == WARNING_VALUES_MAX)
		return "too many prefixes";
	if (lists->n_spans == lists->spans_room) {
		lists->spans_room = lists->spans_room ? 2 * lists->spans_room : 256;
		lists->spans =
			reallocarray(lists->spans, lists->spans_room, sizeof(*lists->spans));
		if (lists->spans == NULL)
			abort();
	}
	lists->spans[lists->n_spans++] = address_span_of(prefix, list);
	return NULL;
}

static const char *add_cidr(struct warning_lists *lists, uint32_t list, struct slice value)
{
	struct netprefix prefix;

	if (!netprefix_parse(slice_trim(value), &prefix, NULL))
		return "no prefix, or one with bits behind its length";
	return put_span(lists, list, &prefix);
}

/* An address counts as one of a list of prefixes does. */
static const char *add_string(struct warning_lists *lists, uint32_t list, struct slice value)
{
	struct indicator_key key;
	struct netprefix prefix;

	if (netprefix_parse(value, &prefix, NULL))
		return put_span(lists, list, &prefix);
	if (indicator_read(INDICATOR_ANY, value, &key) != NULL)
		return "no value that an indicator can have";
	return put_value(lists, list, false, indicator_key_bytes(&key));
}

static const char *add_hostname(struct warning_lists *lists, uint32_t list, struct slice value)
{
	struct indicator_key key;
	struct netprefix prefix;

	if (netprefix_parse(value, &prefix, NULL))
		return put_span(lists, list, &prefix);
	if (indicator_read(INDICATOR_DOMAIN, value, &key) != NULL)
		return "no domain name";
	return put_value(lists, list, true, indicator_key_bytes(&key));
}

static const char *add_substring(struct warning_lists *lists, uint32_t list, struct slice value)
{
	struct substring *substring = &lists->substrings[lists->n_substrings];

	if (lists->n_substrings == WARNING_SUBSTRINGS_MAX)
		return "too many substrings";
	if (value.len < NEEDLE_MIN || value.len > NEEDLE_MAX)
		return "a substring of less than 2 or more than 64 bytes";
	substring->text = alloc(1, value.len);
	memcpy(substring->text, value.ptr, value.len);
	substring->len = value.len;
	substring->list = list;
	lists->n_substrings++;
	return NULL;
}

/* "/expression/i": the flags that regex.h knows. */
static struct slice take_flags(struct slice value, struct regex_flags *flags)
{
	size_t end = value.len;

	if (!slice_starts(value, SLICE_LIT("/")))
		return value;
	while (end > 1 && value.ptr[end - 1] != '/')
		end--;
	if (end <= 1)
		return value;
	for (size_t i = end; i < value.len; i++) {
		flags->caseless |= value.ptr[i] == 'i';
		flags->multi_line |= value.ptr[i] == 'm';
		flags->dot_all |= value.ptr[i] == 's';
	}
	return slice_of(value.ptr + 1, end - 2);
}

static const char *add_regex(struct warning_lists *lists, uint32_t list, struct slice value)
{
	struct regex_flags flags = {0};
	struct slice text = take_flags(value, &flags);
	struct regex *regex;

	if (lists->n_expressions == WARNING_REGEXES_MAX)
		return "too many expressions";
	regex = regex_new(text, flags, NULL);
	if (regex == NULL)
		return "an expression that cannot be used";
	lists->expressions[lists->n_expressions++] = (struct expression){regex, list};
	return NULL;
}

const char *warning_lists_add(struct warning_lists *lists, uint32_t list, struct slice value)
{
	static const char *(*const add[WARNING_KINDS])(
		struct warning_lists *, uint32_t, struct slice) = {
		[WARNING_STRING] = add_string,
		[WARNING_HOSTNAME] = add_hostname,
		[WARNING_SUBSTRING] = add_substring,
		[WARNING_CIDR] = add_cidr,
		[WARNING_REGEX] = add_regex,
	};
	const char *why = add[lists->lists[list].kind](lists, list, value);

	lists->lists[list].values += why == NULL;
	return why;
}

void warning_lists_finish(struct warning_lists *lists)
{
	struct slice *texts = alloc(lists->n_substrings, sizeof(*texts));

	for (size_t i = 0; i < lists->n_substrings; i++)
		texts[i] = slice_of(lists->substrings[i].text, lists->substrings[i].len);
	if (lists->n_substrings > 0)
		lists->needles = needles_new(texts, lists->n_substrings);
	free(texts);
	lists->addresses = address_map_new(lists->spans, lists->n_spans);
	free(lists->spans);
	lists->spans = NULL;
}

size_t warning_lists_count(const struct warning_lists *lists)
{
	return lists->n;
}

size_t warning_lists_memory(const struct warning_lists *lists)
{
	return lists->values.entries_room * lists->values.stride +
	       lists->values.room * sizeof(uint32_t) +
	       2 * lists->n_spans * sizeof(struct address_span) + lists->names.capacity +
	       WARNING_LISTS_MAX * sizeof(*lists->lists) +
	       WARNING_SUBSTRINGS_MAX * sizeof(*lists->substrings);
}

struct warning_list_figures warning_list_figures(
	const struct warning_lists *lists, uint32_t number)
{
	const struct list *list = &lists->lists[number];

	return (struct warning_list_figures){
		slice_of(lists->names.ptr + list->name_at, list->name_len), list->values,
		list->covered, atomic_load_explicit(&list->hits, memory_order_relaxed)};
}

/* ---- asking ------------------------------------------------------------------------ */

static struct netaddr address_of(struct slice bytes)
{
	struct netaddr addr = {0, 0};

	for (unsigned i = 0; i < 8; i++) {
		addr.high = addr.high << 8 | (unsigned char)bytes.ptr[i];
		addr.low = addr.low << 8 | (unsigned char)bytes.ptr[8 + i];
	}
	return addr;
}

/* A prefix is covered when both of its ends are, by one list. */
static uint32_t find_address(
	const struct warning_lists *lists, enum indicator_type type, struct slice bytes)
{
	struct netaddr first = address_of(bytes);
	uint32_t list = address_map_find(lists->addresses, &first);
	struct netprefix prefix = {first, 128};
	struct address_span span;

	if (type != INDICATOR_PREFIX || list == ADDRESS_MAP_NONE)
		return list;
	prefix.bits = (uint8_t)bytes.ptr[16];
	span = address_span_of(&prefix, 0);
	return address_map_find(lists->addresses, &span.last) == list ? list : WARNING_NONE;
}

static uint32_t find_value(
	const struct warning_lists *lists, unsigned family, bool below, struct slice bytes)
{
	struct value_key key = key_of(family, below, bytes);
	const uint32_t *list = table_get(&lists->values, &key);

	return list == NULL ? WARNING_NONE : *list;
}

/* The name, the name without its first label, ... */
static uint32_t find_host(const struct warning_lists *lists, unsigned family, struct slice name)
{
	while (name.len > 0) {
		uint32_t list = find_value(lists, family, true, name);
		size_t dot = slice_find(name, '.');

		if (list != WARNING_NONE || dot == name.len)
			return list;
		name = slice_from(name, dot + 1);
	}
	return WARNING_NONE;
}

/* Of a URL that means all of its host, or, for lists of our own, any on it. */
static uint32_t find_site(const struct warning_lists *lists, struct slice url)
{
	struct indicator_key key;
	struct url_parts parts;
	struct netaddr addr;
	unsigned family;
	uint32_t list;

	if (!url_split(url, &parts))
		return WARNING_NONE;
	family = parts.path.len > 1 || parts.query.len > 0 ? WARNING_PAGES : WARNING_URLS;
	if (netaddr_parse(parts.host, &addr)) {
		indicator_key_of_address(&addr, &key);
		list = find_address(lists, INDICATOR_ADDRESS, indicator_key_bytes(&key));
		return list != WARNING_NONE && (family == WARNING_URLS ||
						       lists->lists[list].families & family)
			       ? list
			       : WARNING_NONE;
	}
	list = find_value(lists, family, false, parts.host);
	return list != WARNING_NONE ? list : find_host(lists, family, parts.host);
}

static uint32_t find_mailbox(const struct warning_lists *lists, struct slice email)
{
	size_t at = slice_find(email, '@');

	return at == email.len ? WARNING_NONE
			       : find_host(lists, WARNING_PAGES, slice_from(email, at + 1));
}

uint32_t warning_lists_find(
	const struct warning_lists *lists, enum indicator_type type, struct slice bytes)
{
	unsigned family = family_of(type);
	uint32_t list;

	if (lists->n == 0 || family == 0)
		return WARNING_NONE;
	if (family == WARNING_ADDRESSES)
		return find_address(lists, type, bytes);
	list = find_value(lists, family, false, bytes);
	if (list == WARNING_NONE && type == INDICATOR_DOMAIN)
		list = find_host(lists, family, bytes);
	if (list == WARNING_NONE && type == INDICATOR_URL)
		list = find_site(lists, bytes);
	if (list == WARNING_NONE && type == INDICATOR_EMAIL)
		list = find_mailbox(lists, bytes);
	return list;
}

struct search {
	const struct warning_lists *lists;
	unsigned family;
	uint32_t list;
};

static bool on_substring(void *user, unsigned number, size_t at)
{
	struct search *search = user;
	uint32_t list = search->lists->substrings[number].list;

	(void)at;
	if (!(search->lists->lists[list].families & search->family))
		return true;
	search->list = list;
	return false;
}

static uint32_t search_text(struct warning_lists *lists, unsigned family, struct slice text)
{
	struct search search = {lists, family, WARNING_NONE};

	if (lists->needles != NULL)
		(void)needles_scan(lists->needles, text, on_substring, &search);
	for (size_t i = 0; search.list == WARNING_NONE && i < lists->n_expressions; i++) {
		const struct expression *one = &lists->expressions[i];

		if ((lists->lists[one->list].families & family) &&
			regex_search(one->regex, lists->matcher, text) == REGEX_YES)
			search.list = one->list;
	}
	return search.list;
}

uint32_t warning_lists_cover(
	struct warning_lists *lists, enum indicator_type type, struct slice bytes)
{
	uint32_t list = warning_lists_find(lists, type, bytes);
	unsigned family = family_of(type);
	struct strbuf text = STRBUF_INIT(256);

	if (list != WARNING_NONE || family == 0 || family == WARNING_HASHES)
		return list;
	if (family != WARNING_ADDRESSES)
		return search_text(lists, family, bytes);
	if (lists->n_expressions > 0 || lists->needles != NULL) {
		indicator_show(type, bytes, &text);
		list = search_text(lists, family, strbuf_slice(&text));
		strbuf_done(&text);
	}
	return list;
}

void warning_list_count_covered(struct warning_lists *lists, uint32_t list)
{
	lists->lists[list].covered++;
}

void warning_list_count_hit(struct warning_lists *lists, uint32_t list)
{
	atomic_fetch_add_explicit(&lists->lists[list].hits, 1, memory_order_relaxed);
}
