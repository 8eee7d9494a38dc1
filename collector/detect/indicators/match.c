/*
 * Values are looked up as they are met; what only several fields tell together (address and
 * port, a URL from its parts) is put together behind the last one.
 */
#include <assert.h>

#include "collector/detect/indicators/field_roles.h"
#include "collector/detect/indicators/holding.h"
#include "collector/detect/indicators/url_form.h"

enum {
	LIST_VALUES_MAX = 64,     /* of one field */
	TEXT_URLS_MAX = 16,       /* in one text */
	TEXT_SIZE_MAX = 64 << 10, /* bytes of a text that are searched */
};

/* A value and where it stands. */
struct seen {
	struct slice name, value;
};

struct side {
	struct netaddr addr;
	struct seen seen;
	uint16_t port; /* 0 = not known */
	bool known;
};

struct look {
	struct indicators *indicators;
	struct indicator_matches *matches;
	int64_t now_s;
	struct side sides[SIDE_COUNT];
	struct seen host, path, query, target; /* of a URL; target: "/path?query" */
	uint16_t url_port;
};

/* ---- hits ---------------------------------------------------------------------------- */

static bool is_known(const struct indicator_matches *matches, struct slice bytes)
{
	for (size_t i = 0; i < matches->n; i++) {
		if (matches->items[i].indicator.bytes.ptr == bytes.ptr)
			return true;
	}
	return false;
}

/* By the list that covers the indicator, or what the record has there. */
static uint32_t warning_for(const struct look *look, const struct indicator_entry *entry,
	enum indicator_type type, struct slice bytes)
{
	if (entry->list != 0)
		return entry->list - 1u;
	return warning_lists_find(look->indicators->warnings, type, bytes);
}

/* True when it is a match. `type` and `bytes` are the key of the record's value. */
static bool take_hit(struct look *look, const struct indicator_entry *entry,
	enum indicator_type type, struct slice bytes, struct seen seen)
{
	struct indicators *indicators = look->indicators;
	struct indicator_matches *matches = look->matches;
	uint32_t list;

	if (entry == NULL)
		return false;
	if (entry->until_s != 0 && (int64_t)entry->until_s <= look->now_s) {
		matches->expired++;
		return false;
	}
	list = warning_for(look, entry, type, bytes);
	if (list != WARNING_NONE) {
		warning_list_count_hit(indicators->warnings, list);
		matches->suppressed++;
		return false;
	}
	if (is_known(matches, indicator_entry_bytes(indicators->table, entry)))
		return true;
	if (matches->n == INDICATOR_MATCHES_MAX)
		matches->left_out++;
	else
		matches->items[matches->n++] = (struct indicator_match){
			indicator_view_of(indicators, entry), seen.name, seen.value};
	return true;
}

static bool has(const struct look *look, enum indicator_type type)
{
	return look->indicators->by_type[type] > 0;
}

static bool look_up(struct look *look, const struct indicator_key *key, struct seen seen)
{
	struct slice bytes = indicator_key_bytes(key);

	if (!has(look, key->type))
		return false;
	return take_hit(look, indicator_table_find(look->indicators->table, key->type, bytes),
		key->type, bytes, seen);
}

/* ---- single values --------------------------------------------------------------------- */

static void look_at_address(struct look *look, const struct netaddr *addr, struct seen seen)
{
	struct indicator_key key;

	indicator_key_of_address(addr, &key);
	if (!look_up(look, &key, seen))
		(void)take_hit(look, indicator_table_find_prefix(look->indicators->table, addr),
			INDICATOR_ADDRESS, indicator_key_bytes(&key), seen);
}

/* The name, then the names above it; the longest that matches counts. */
static void look_at_domain(struct look *look, const struct indicator_key *key, struct seen seen)
{
	struct slice whole = indicator_key_bytes(key), name = whole;

	for (;;) {
		const struct indicator_entry *entry =
			indicator_table_find(look->indicators->table, INDICATOR_DOMAIN, name);
		size_t dot;

		if (entry != NULL && (name.len == whole.len || !entry->alone) &&
			take_hit(look, entry, INDICATOR_DOMAIN, whole, seen))
			return;
		dot = slice_find(name, '.');
		if (dot == name.len)
			return;
		name = slice_from(name, dot + 1);
	}
}

/* "[2001:db8::1]:443" and "name:443" too; the port is that of its side. */
static void look_at_host(struct look *look, enum field_side side, struct seen seen)
{
	struct indicator_key key;
	struct url_parts parts;
	struct netaddr addr;

	if (netaddr_parse(seen.value, &addr))
		parts = (struct url_parts){.host = seen.value};
	else if (!url_split(seen.value, &parts))
		return;
	if (netaddr_parse(parts.host, &addr)) {
		if (side != SIDE_NONE && !look->sides[side].known)
			look->sides[side] = (struct side){addr, seen,
				parts.port ? parts.port : look->sides[side].port, true};
		look_at_address(look, &addr, seen);
	} else if (indicator_key_of_domain(parts.host, &key)) {
		look_at_domain(look, &key, seen);
	}
}

static void look_at_list(struct look *look, struct seen seen)
{
	struct slice rest = seen.value;

	for (unsigned n = 0; rest.len > 0 && n < LIST_VALUES_MAX;) {
		size_t len = 0;

		while (len < rest.len && strchr(" \t,;", rest.ptr[len]) == NULL)
			len++;
		if (len > 0) {
			look_at_host(look, SIDE_NONE,
				(struct seen){seen.name, slice_head(rest, len)});
			n++;
		}
		rest = slice_from(rest, len < rest.len ? len + 1 : len);
	}
}

static void look_at_hash(struct look *look, enum indicator_type type, struct seen seen)
{
	struct indicator_key key;

	if (indicator_key_of_hash(type, seen.value, &key))
		(void)look_up(look, &key, seen);
}

static void look_at_hashes(struct look *look, struct seen seen)
{
	struct slice rest = seen.value, one, name;

	while (slice_cut(&rest, ',', &one)) {
		struct slice value = one;
		enum indicator_type type;

		(void)slice_cut(&value, '=', &name);
		if (slice_absent(value))
			value = name;
		value = slice_trim(value);
		type = slice_eq_nocase(slice_trim(name), SLICE_LIT("imphash"))
			       ? INDICATOR_IMPHASH
			       : indicator_hash_type(value.len);
		look_at_hash(look, type, (struct seen){seen.name, value});
	}
}

/* The mailbox, and the domain it is at. */
static void look_at_email(struct look *look, struct slice text, struct seen seen)
{
	size_t open = slice_find(text, '<'), at;
	struct indicator_key key;

	if (open < text.len)
		text = slice_from(text, open + 1);
	text = slice_trim(slice_head(text, slice_find(text, '>')));
	at = slice_find(text, '@');
	if (at == text.len)
		return;
	if (indicator_key_of_email(text, &key))
		(void)look_up(look, &key, seen);
	if (indicator_key_of_domain(slice_from(text, at + 1), &key))
		look_at_domain(look, &key, seen);
}

static void look_at_emails(struct look *look, struct seen seen)
{
	struct slice rest = seen.value;

	for (unsigned n = 0; rest.len > 0 && n < LIST_VALUES_MAX; n++) {
		size_t len = 0;

		while (len < rest.len && rest.ptr[len] != ',' && rest.ptr[len] != ';')
			len++;
		look_at_email(look, slice_head(rest, len), seen);
		rest = slice_from(rest, len < rest.len ? len + 1 : len);
	}
}

/* ---- URLs -------------------------------------------------------------------------------- */

/* The path, with its query and without, and its last part: of any host. */
static void look_at_path(
	struct look *look, struct slice path, struct slice query, struct seen seen)
{
	struct indicator_key key;
	size_t last = 0;

	if (path.len < 2 || !has(look, INDICATOR_PATH))
		return;
	for (size_t i = 0; i < path.len; i++) {
		if (path.ptr[i] == '/' && i + 1 < path.len)
			last = i;
	}
	if (query.len > 0 && url_path_key(path, query, &key) && look_up(look, &key, seen))
		return;
	if (url_path_key(path, SLICE_NONE, &key) && look_up(look, &key, seen))
		return;
	if (last > 0 && url_path_key(slice_from(path, last), SLICE_NONE, &key))
		(void)look_up(look, &key, seen);
}

/* Whole, without its query, and all of its host. */
static void look_at_parts(struct look *look, struct url_parts parts, struct seen seen)
{
	struct indicator_key key;

	if (!has(look, INDICATOR_URL))
		return;
	if (!slice_starts(parts.path, SLICE_LIT("/")))
		parts.path = SLICE_LIT("/");
	if (url_key(&parts, &key) && look_up(look, &key, seen))
		return;
	if (parts.query.len > 0) {
		parts.query = SLICE_NONE;
		if (url_key(&parts, &key) && look_up(look, &key, seen))
			return;
	}
	parts.path = SLICE_LIT("");
	if (url_key(&parts, &key))
		(void)look_up(look, &key, seen);
}

static void look_at_url(struct look *look, struct seen seen)
{
	struct url_parts parts;

	if (seen.value.len == 0)
		return;
	if (seen.value.ptr[0] == '/') {
		look->target = seen;
		return;
	}
	if (!url_split(seen.value, &parts))
		return;
	look_at_host(look, SIDE_NONE, (struct seen){seen.name, parts.host});
	look_at_parts(look, parts, seen);
	look_at_path(look, parts.path, parts.query, seen);
}

static bool ends_url(char byte)
{
	return (unsigned char)byte <= ' ' || strchr("\"'<>`)}|", byte) != NULL;
}

static size_t scheme_start(struct slice text, size_t at)
{
	while (at > 0 &&
		(((text.ptr[at - 1] | 0x20) >= 'a' && (text.ptr[at - 1] | 0x20) <= 'z')))
		at--;
	return at;
}

/* Whatever has "://" in it. */
static void look_in_text(struct look *look, struct seen seen)
{
	struct slice text = seen.value;
	size_t at = 0;

	if (text.len > TEXT_SIZE_MAX)
		text.len = TEXT_SIZE_MAX;
	for (unsigned n = 0; n < TEXT_URLS_MAX; n++) {
		size_t found = at + slice_search(slice_from(text, at), SLICE_LIT("://"));
		size_t start, end = found + 3;

		if (found >= text.len)
			return;
		start = at + scheme_start(slice_from(text, at), found - at);
		while (end < text.len && !ends_url(text.ptr[end]))
			end++;
		if (start < found)
			look_at_url(look, (struct seen){seen.name,
						  slice_of(text.ptr + start, end - start)});
		at = end;
	}
}

static void look_at_user_agent(struct look *look, struct seen seen)
{
	struct slice bytes = seen.value;

	(void)take_hit(look,
		indicator_table_find(look->indicators->table, INDICATOR_USER_AGENT, bytes),
		INDICATOR_USER_AGENT, bytes, seen);
	look_in_text(look, seen);
}

/* ---- fields ------------------------------------------------------------------------------ */

static uint16_t port_of(struct slice value)
{
	uint64_t port = 0;

	return slice_to_u64(value, UINT16_MAX, &port) ? (uint16_t)port : 0;
}

static void take_value(struct look *look, struct field_use use, struct seen seen)
{
	switch ((enum field_role)use.role) {
	case ROLE_NONE:
		break;
	case ROLE_ADDRESS:
	case ROLE_HOST:
		look_at_host(look, (enum field_side)use.side, seen);
		break;
	case ROLE_PORT:
		look->sides[use.side].port = port_of(seen.value);
		break;
	case ROLE_LIST:
		look_at_list(look, seen);
		break;
	case ROLE_URL:
		look_at_url(look, seen);
		break;
	case ROLE_URL_HOST:
		look->host = seen;
		look_at_host(look, SIDE_NONE, seen);
		break;
	case ROLE_URL_PORT:
		look->url_port = port_of(seen.value);
		break;
	case ROLE_URL_PATH:
		look->path = seen;
		break;
	case ROLE_URL_QUERY:
		look->query = seen;
		break;
	case ROLE_HASH:
		look_at_hash(look, indicator_hash_type(seen.value.len), seen);
		break;
	case ROLE_HASHES:
		look_at_hashes(look, seen);
		break;
	case ROLE_IMPHASH:
		look_at_hash(look, INDICATOR_IMPHASH, seen);
		break;
	case ROLE_JA3:
		look_at_hash(look, INDICATOR_JA3, seen);
		break;
	case ROLE_JA3S:
		look_at_hash(look, INDICATOR_JA3S, seen);
		break;
	case ROLE_EMAIL:
		look_at_emails(look, seen);
		break;
	case ROLE_USER_AGENT:
		look_at_user_agent(look, seen);
		break;
	case ROLE_TEXT:
		look_in_text(look, seen);
		break;
	}
}

static void look_at_endpoints(struct look *look)
{
	for (unsigned i = SIDE_NONE + 1; i < SIDE_COUNT; i++) {
		const struct side *side = &look->sides[i];
		struct indicator_key key;

		if (!side->known || side->port == 0)
			continue;
		indicator_key_of_endpoint(&side->addr, side->port, &key);
		(void)look_up(look, &key, side->seen);
	}
}

/* "/path?query" counts as path and query where those are not there. */
static void look_at_target(struct look *look)
{
	struct slice path = look->path.value, query = look->query.value;
	struct seen seen = slice_absent(path) ? look->target : look->path;
	struct url_parts parts = {.host = look->host.value, .port = look->url_port};

	if (slice_absent(path)) {
		struct slice rest = look->target.value;

		rest = slice_head(rest, slice_find(rest, '#'));
		(void)slice_cut(&rest, '?', &path);
		query = slice_absent(query) ? rest : query;
	}
	if (!slice_absent(path))
		look_at_path(look, path, query, seen);
	if (slice_absent(parts.host))
		return;
	if (!url_split(look->host.value, &parts))
		return;
	parts.port = look->url_port != 0 && look->url_port != 80 && look->url_port != 443
			     ? look->url_port
			     : parts.port;
	parts.path = slice_absent(path) ? SLICE_LIT("/") : path;
	parts.query = query;
	look_at_parts(look, parts, slice_absent(path) ? look->host : seen);
}

static void finish(struct look *look)
{
	look_at_endpoints(look);
	if (!slice_absent(look->host.value) || !slice_absent(look->path.value) ||
		!slice_absent(look->target.value))
		look_at_target(look);
	if (look->matches->n > 0)
		atomic_fetch_add_explicit(
			&look->indicators->matches, look->matches->n, memory_order_relaxed);
	if (look->matches->expired > 0)
		atomic_fetch_add_explicit(&look->indicators->expired, look->matches->expired,
			memory_order_relaxed);
}

static struct look begin(
	struct indicators *indicators, int64_t now_s, struct indicator_matches *matches)
{
	matches->n = 0;
	matches->left_out = 0;
	matches->expired = 0;
	matches->suppressed = 0;
	return (struct look){.indicators = indicators, .matches = matches, .now_s = now_s};
}

void indicators_match_record(struct indicators *indicators, const struct record *record,
	int64_t now_s, struct indicator_matches *matches)
{
	struct look look = begin(indicators, now_s, matches);

	for (size_t i = 0; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];
		struct field_use use = field_use_of(field->id);

		if (use.role != ROLE_NONE && field->len > 0)
			take_value(&look, use,
				(struct seen){field_name(field->id), field_value(field)});
	}
	finish(&look);
}

void indicators_match_values(struct indicators *indicators,
	const struct indicator_value *values, size_t n, int64_t now_s,
	struct indicator_matches *matches)
{
	struct look look = begin(indicators, now_s, matches);

	for (size_t i = 0; i < n; i++) {
		struct field_use use = field_use_by_name(values[i].name);

		if (use.role != ROLE_NONE && values[i].value.len > 0)
			take_value(&look, use, (struct seen){values[i].name, values[i].value});
	}
	finish(&look);
}

/* ---- batches ----------------------------------------------------------------------------- */

static bool tag(struct record *record, struct arena *arena, const struct indicator_match *match)
{
	const struct indicator_view *indicator = &match->indicator;
	struct strbuf text = STRBUF_INIT(2 * INDICATOR_TEXT_MAX);
	struct slice group;

	strbuf_add_str(&text, indicator_type_name(indicator->type));
	strbuf_add_byte(&text, '\0');
	indicator_show(indicator->type, indicator->bytes, &text);
	strbuf_add_byte(&text, '\0');
	strbuf_add(&text, indicator->source);
	strbuf_addf(&text, "%c%u%c%u", '\0', (unsigned)indicator->attack, '\0',
		(unsigned)indicator->confidence);
	group = arena_copy(arena, strbuf_slice(&text));
	strbuf_done(&text);
	return !slice_absent(group) && record_match(record, arena, MATCH_INDICATOR, group);
}

unsigned indicators_match_batch(
	struct indicators *indicators, struct batch *batch, int64_t now_s)
{
	struct indicator_matches matches;
	unsigned n_lost = 0;

	for (size_t i = 0; i < batch->n_records; i++) {
		struct record *record = &batch->records[i];

		if (record->kind != RECORD_LOG && record->kind != RECORD_HIT)
			continue;
		indicators_match_record(indicators, record, now_s, &matches);
		n_lost += (unsigned)matches.left_out;
		for (size_t k = 0; k < matches.n; k++)
			n_lost += !tag(record, &batch->arena, &matches.items[k]);
	}
	return n_lost;
}

bool indicators_tag(const struct match *match, struct indicator_tag *tag)
{
	struct slice rest = match->group, attack;
	uint64_t number, confidence;

	if (match->rule != MATCH_INDICATOR || !slice_cut(&rest, '\0', &tag->type) ||
		!slice_cut(&rest, '\0', &tag->text) || !slice_cut(&rest, '\0', &tag->source) ||
		!slice_cut(&rest, '\0', &attack) ||
		!slice_to_u64(attack, CLASS_COUNT - 1, &number) ||
		!slice_to_u64(rest, 100, &confidence))
		return false;
	tag->attack = (enum attack_class)number;
	tag->confidence = (uint8_t)confidence;
	return true;
}
