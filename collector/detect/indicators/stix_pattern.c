/*
 * Recursive descent over the grammar; each part gives the values it adds, [from, n) of the
 * list, and whether it is decided by any one of them.
 */
#include "collector/detect/indicators/stix_pattern.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* names, keywords, numbers, object paths */
	TOKEN_TEXT,   /* 'in quotes' */
	TOKEN_SIGN,   /* [ ] ( ) , = != < <= > >= */
	TOKEN_BROKEN, /* a quote without its end, or another byte */
};

struct token {
	enum token_kind kind;
	struct slice text;
};

/* What a part of a pattern comes to. */
enum part_kind {
	PART_UNUSABLE,
	PART_VALUES, /* any of its values is enough */
	PART_HASHES, /* the same, all of them hashes */
	PART_PORT,   /* a port alone */
	PART_OTHER,  /* a condition nothing looks at: decides nothing alone */
};

struct part {
	enum part_kind kind;
	size_t from; /* its values are [from, values->n) */
	struct slice port;
};

struct parser {
	struct slice rest;
	struct token token; /* the next one */
	struct arena *arena;
	struct stix_values *values;
	unsigned depth;
	const char *wrong; /* no pattern because of it */
};

/* ---- tokens ----------------------------------------------------------------------- */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_word_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
	       byte == '_' || byte == '-' || byte == '.' || byte == ':' || byte == '+' ||
	       byte == '*';
}

/* Of a text the bytes between its quotes, escapes and all. */
static size_t quoted_len(struct slice text)
{
	size_t at = 1;

	while (at < text.len && text.ptr[at] != '\'')
		at += text.ptr[at] == '\\' ? 2 : 1;
	return at < text.len ? at + 1 : 0;
}

/* A path goes on over "'SHA-256'" and "[*]" that stand right behind it. */
static size_t word_len(struct slice text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t len = 1;

		if (text.ptr[at] == '\'' && at > 0 && text.ptr[at - 1] == '.')
			len = quoted_len(slice_from(text, at));
		else if (text.ptr[at] == '[' && at > 0)
			len = slice_find(slice_from(text, at), ']') + 1;
		else if (!is_word_byte(text.ptr[at]))
			break;
		if (len == 0 || len > text.len - at)
			break;
		at += len;
	}
	return at;
}

static size_t sign_len(struct slice text)
{
	if (strchr("[](),", text.ptr[0]) != NULL && text.ptr[0] != '\0')
		return 1;
	if (strchr("=!<>", text.ptr[0]) != NULL && text.ptr[0] != '\0')
		return text.len > 1 && text.ptr[1] == '=' ? 2 : 1;
	return 0;
}

static void next(struct parser *parser)
{
	struct slice rest = parser->rest;
	size_t len;

	while (rest.len > 0 && is_blank(rest.ptr[0]))
		rest = slice_from(rest, 1);
	if (rest.len == 0) {
		parser->token = (struct token){TOKEN_END, rest};
		parser->rest = rest;
		return;
	}
	parser->token.kind = TOKEN_SIGN;
	len = sign_len(rest);
	if (rest.ptr[0] == '\'') {
		parser->token.kind = TOKEN_TEXT;
		len = quoted_len(rest);
	} else if (len == 0) {
		parser->token.kind = TOKEN_WORD;
		len = word_len(rest);
	}
	if (len == 0) {
		parser->token.kind = TOKEN_BROKEN;
		len = rest.len;
	}
	parser->token.text = slice_head(rest, len);
	parser->rest = slice_from(rest, len);
}

static bool fail(struct parser *parser, const char *why)
{
	if (parser->wrong == NULL)
		parser->wrong = why;
	return false;
}

static bool is_sign(const struct parser *parser, const char *sign)
{
	return parser->token.kind == TOKEN_SIGN &&
	       slice_eq(parser->token.text, slice_str(sign));
}

static bool is_keyword(const struct parser *parser, const char *word)
{
	return parser->token.kind == TOKEN_WORD &&
	       slice_eq_nocase(parser->token.text, slice_str(word));
}

static bool skip_sign(struct parser *parser, const char *sign)
{
	if (!is_sign(parser, sign))
		return false;
	next(parser);
	return true;
}

static bool skip_keyword(struct parser *parser, const char *word)
{
	if (!is_keyword(parser, word))
		return false;
	next(parser);
	return true;
}

/* ---- values ------------------------------------------------------------------------ */

static void unusable(struct parser *parser, const char *what)
{
	if (parser->values->unusable == NULL)
		parser->values->unusable = what;
	parser->values->n_unusable++;
}

static bool add_value(struct parser *parser, enum indicator_type type, struct slice text)
{
	if (parser->values->n == STIX_VALUES_MAX)
		return fail(parser, "more values than one pattern may have");
	parser->values->items[parser->values->n++] = (struct stix_value){type, text};
	return true;
}

/* The inside of a quoted text, "\'" and "\\" read. */
static struct slice text_of(struct parser *parser, struct slice quoted)
{
	char *copy = arena_alloc(parser->arena, quoted.len);
	size_t len = 0;

	if (copy == NULL) {
		(void)fail(parser, "too long");
		return SLICE_LIT("");
	}
	for (size_t i = 1; i + 1 < quoted.len; i++) {
		if (quoted.ptr[i] == '\\' && i + 2 < quoted.len)
			i++;
		copy[len++] = quoted.ptr[i];
	}
	return slice_of(copy, len);
}

/* What a path means; INDICATOR_TYPES for nothing that is looked for. */
static enum indicator_type type_of(struct slice path)
{
	static const struct {
		struct slice path;
		enum indicator_type type;
	} known[] = {
		{{SLICE_BYTES("ipv4-addr:value")}, INDICATOR_ADDRESS},
		{{SLICE_BYTES("ipv6-addr:value")}, INDICATOR_ADDRESS},
		{{SLICE_BYTES("network-traffic:src_ref.value")}, INDICATOR_ADDRESS},
		{{SLICE_BYTES("network-traffic:dst_ref.value")}, INDICATOR_ANY},
		{{SLICE_BYTES("domain-name:value")}, INDICATOR_DOMAIN},
		{{SLICE_BYTES("domain-name:resolves_to_refs[*].value")}, INDICATOR_ANY},
		{{SLICE_BYTES("url:value")}, INDICATOR_URL},
		{{SLICE_BYTES("email-addr:value")}, INDICATOR_EMAIL},
		{{SLICE_BYTES("email-message:from_ref.value")}, INDICATOR_EMAIL},
		{{SLICE_BYTES("email-message:sender_ref.value")}, INDICATOR_EMAIL},
		{{SLICE_BYTES("network-traffic:extensions.'http-request-ext'.request_header."
			      "'User-Agent'")},
			INDICATOR_USER_AGENT},
		{{SLICE_BYTES("network-traffic:extensions.'http-request-ext'.request_value")},
			INDICATOR_PATH},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq(path, known[i].path))
			return known[i].type;
	}
	return INDICATOR_TYPES;
}

/* "file:hashes.'SHA-256'", "process:binary_ref.hashes.MD5", "artifact:hashes.SHA256" */
static enum indicator_type hash_type_of(struct slice path)
{
	static const struct {
		struct slice name;
		enum indicator_type type;
	} known[] = {
		{{SLICE_BYTES("MD5")}, INDICATOR_MD5},
		{{SLICE_BYTES("SHA1")}, INDICATOR_SHA1},
		{{SLICE_BYTES("SHA-1")}, INDICATOR_SHA1},
		{{SLICE_BYTES("SHA256")}, INDICATOR_SHA256},
		{{SLICE_BYTES("SHA-256")}, INDICATOR_SHA256},
		{{SLICE_BYTES("SHA512")}, INDICATOR_SHA512},
		{{SLICE_BYTES("SHA-512")}, INDICATOR_SHA512},
	};
	size_t at = slice_search(path, SLICE_LIT("hashes."));
	struct slice name;

	if (at == path.len || slice_starts(path, SLICE_LIT("x509-certificate:")))
		return INDICATOR_TYPES;
	name = slice_from(path, at + 7);
	if (name.len > 2 && name.ptr[0] == '\'')
		name = slice_of(name.ptr + 1, name.len - 2);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq_nocase(name, known[i].name))
			return known[i].type;
	}
	return INDICATOR_TYPES;
}

static bool is_port(struct slice path)
{
	return slice_eq(path, SLICE_LIT("network-traffic:dst_port")) ||
	       slice_eq(path, SLICE_LIT("network-traffic:src_port"));
}

/* ---- comparisons --------------------------------------------------------------------- */

enum comparing {
	OPERATOR_EQUAL,
	OPERATOR_IN,
	OPERATOR_SUBSET,
	OPERATOR_LIKE,
	OPERATOR_OTHER,
};

static enum comparing take_operator(struct parser *parser)
{
	static const char *const others[] = {"!=", "<", "<=", ">", ">="};

	if (skip_sign(parser, "=") || skip_sign(parser, "=="))
		return OPERATOR_EQUAL;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (skip_sign(parser, others[i]))
			return OPERATOR_OTHER;
	}
	if (skip_keyword(parser, "IN"))
		return OPERATOR_IN;
	if (skip_keyword(parser, "ISSUBSET"))
		return OPERATOR_SUBSET;
	if (skip_keyword(parser, "LIKE"))
		return OPERATOR_LIKE;
	if (skip_keyword(parser, "MATCHES") || skip_keyword(parser, "ISSUPERSET"))
		return OPERATOR_OTHER;
	(void)fail(parser, "no operator behind a path");
	return OPERATOR_OTHER;
}

/* "%.evil.example" is what a domain means; other wildcards are not looked for. */
static bool take_wildcards(enum indicator_type type, struct slice *text)
{
	if (type == INDICATOR_DOMAIN && slice_starts(*text, SLICE_LIT("%.")))
		*text = slice_from(*text, 2);
	return slice_find(*text, '%') == text->len && slice_find(*text, '_') == text->len;
}

struct comparison {
	enum indicator_type type;
	enum comparing how;
	bool negated, is_port;
};

static bool take_literal(
	struct parser *parser, const struct comparison *comparison, struct part *part)
{
	struct slice text = parser->token.text;
	bool usable = !comparison->negated && comparison->how != OPERATOR_OTHER;

	if (parser->token.kind == TOKEN_TEXT)
		text = text_of(parser, text);
	else if (parser->token.kind != TOKEN_WORD)
		return fail(parser, "no value where one must stand");
	next(parser);
	/* t'2020-01-01T00:00:00Z', h'00ff', b'...' */
	if (text.len == 1 && parser->token.kind == TOKEN_TEXT)
		next(parser);
	if (comparison->is_port && usable && comparison->how == OPERATOR_EQUAL) {
		part->kind = PART_PORT;
		part->port = text;
		return true;
	}
	if (comparison->type == INDICATOR_TYPES)
		return true;
	if (comparison->how == OPERATOR_LIKE)
		usable = usable && take_wildcards(comparison->type, &text);
	if (!usable) {
		part->kind = PART_UNUSABLE;
		return true;
	}
	part->kind = indicator_is_hash(comparison->type) ? PART_HASHES : PART_VALUES;
	return add_value(parser, comparison->type, text);
}

static bool take_set(
	struct parser *parser, const struct comparison *comparison, struct part *part)
{
	if (!skip_sign(parser, "("))
		return fail(parser, "no '(' behind IN");
	do {
		if (!take_literal(parser, comparison, part))
			return false;
	} while (skip_sign(parser, ","));
	return skip_sign(parser, ")") || fail(parser, "a set without its ')'");
}

/* path operator value */
static bool take_comparison(struct parser *parser, struct part *part)
{
	struct slice path = parser->token.text;
	struct comparison comparison = {.type = type_of(path), .is_port = is_port(path)};

	*part = (struct part){PART_OTHER, parser->values->n, SLICE_NONE};
	if (parser->token.kind != TOKEN_WORD || slice_find(path, ':') == path.len)
		return fail(parser, "no object path where one must stand");
	if (comparison.type == INDICATOR_TYPES)
		comparison.type = hash_type_of(path);
	next(parser);
	comparison.negated = skip_keyword(parser, "NOT");
	comparison.how = take_operator(parser);
	if (parser->wrong != NULL)
		return false;
	return comparison.how == OPERATOR_IN ? take_set(parser, &comparison, part)
					     : take_literal(parser, &comparison, part);
}

static bool take_or(struct parser *parser, struct part *part);

static bool skip_exists(struct parser *parser, struct part *part)
{
	*part = (struct part){PART_OTHER, parser->values->n, SLICE_NONE};
	if (parser->token.kind != TOKEN_WORD)
		return fail(parser, "no object path behind EXISTS");
	next(parser);
	return true;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static bool take_operand(struct parser *parser, struct part *part)
{
	if (skip_keyword(parser, "EXISTS"))
		return skip_exists(parser, part);
	if (!skip_sign(parser, "("))
		return take_comparison(parser, part);
	if (++parser->depth > STIX_NESTING_MAX)
		return fail(parser, "nested too deep");
	if (!take_or(parser, part))
		return false;
	parser->depth--;
	return skip_sign(parser, ")") || fail(parser, "'(' without its ')'");
}

/* ---- AND, OR ------------------------------------------------------------------------- */

static void keep(struct parser *parser, size_t to, size_t from)
{
	struct stix_values *values = parser->values;

	memmove(values->items + to, values->items + from,
		(values->n - from) * sizeof(*values->items));
	values->n -= from - to;
}

/* One address and a port become both. */
static bool with_port(struct parser *parser, size_t at, struct slice port)
{
	struct stix_value *value = &parser->values->items[at];
	size_t size = value->text.len + port.len + 3;
	struct netaddr addr;
	struct strbuf text = STRBUF_INIT(256);
	bool fine = netaddr_parse(value->text, &addr) && size < 200;

	if (fine) {
		strbuf_addf(&text, netaddr_is_v4(&addr) ? "%.*s:%.*s" : "[%.*s]:%.*s",
			SLICE_FMT(value->text), SLICE_FMT(port));
		value->text = arena_copy(parser->arena, strbuf_slice(&text));
		value->type = INDICATOR_ENDPOINT;
		fine = !slice_absent(value->text);
	}
	strbuf_done(&text);
	return fine;
}

/* `left` AND `right`, whose values stand behind one another. */
static void join(struct parser *parser, struct part *left, const struct part *right)
{
	if (left->kind == PART_HASHES && right->kind != PART_HASHES) {
		parser->values->n = right->from;
	} else if (left->kind != PART_HASHES && right->kind == PART_HASHES) {
		keep(parser, left->from, right->from);
		left->kind = PART_HASHES;
	} else if (left->kind == PART_HASHES) {
		return; /* of one file: each tells it */
	} else if (left->kind == PART_VALUES && right->kind == PART_PORT &&
		   parser->values->n == left->from + 1 &&
		   with_port(parser, left->from, right->port)) {
		left->port = SLICE_NONE;
	} else if (left->kind == PART_PORT && right->kind == PART_VALUES &&
		   parser->values->n == right->from + 1 &&
		   with_port(parser, right->from, left->port)) {
		left->kind = PART_VALUES;
	} else {
		parser->values->n = left->from;
		left->kind = PART_UNUSABLE;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static bool take_and(struct parser *parser, struct part *part)
{
	struct part right;

	if (!take_operand(parser, part))
		return false;
	while (skip_keyword(parser, "AND")) {
		if (!take_operand(parser, &right))
			return false;
		join(parser, part, &right);
	}
	return true;
}

static bool has_values(const struct part *part)
{
	return part->kind == PART_VALUES || part->kind == PART_HASHES;
}

/* What of an OR cannot be used leaves the others. NOLINTNEXTLINE(misc-no-recursion) */
static bool take_or(struct parser *parser, struct part *part)
{
	struct part right;
	size_t from = parser->values->n;

	if (!take_and(parser, part))
		return false;
	while (skip_keyword(parser, "OR")) {
		if (!take_and(parser, &right))
			return false;
		if (!has_values(part) || !has_values(&right))
			unusable(parser, "a condition that nothing looks at");
		if (has_values(part) && has_values(&right) && part->kind != right.kind)
			part->kind = PART_VALUES;
		else if (!has_values(part))
			*part = right;
	}
	part->from = from;
	return true;
}

/* ---- observations -------------------------------------------------------------------- */

static bool take_observations(struct parser *parser);

/* NOLINTNEXTLINE(misc-no-recursion) */
static bool take_observation(struct parser *parser)
{
	struct part part;

	if (skip_sign(parser, "(")) {
		if (++parser->depth > STIX_NESTING_MAX)
			return fail(parser, "nested too deep");
		if (!take_observations(parser))
			return false;
		parser->depth--;
		return skip_sign(parser, ")") || fail(parser, "'(' without its ')'");
	}
	if (!skip_sign(parser, "["))
		return fail(parser, "no '[' where an observation must stand");
	if (!take_or(parser, &part))
		return false;
	if (!has_values(&part))
		unusable(parser, "no value that decides by itself");
	return skip_sign(parser, "]") || fail(parser, "'[' without its ']'");
}

/* WITHIN 5 SECONDS, REPEATS 3 TIMES, START t'...' STOP t'...' */
static bool skip_qualifiers(struct parser *parser)
{
	bool any = false;

	while (is_keyword(parser, "WITHIN") || is_keyword(parser, "REPEATS") ||
		is_keyword(parser, "START")) {
		any = true;
		do {
			next(parser);
		} while (parser->token.kind == TOKEN_TEXT ||
			 (parser->token.kind == TOKEN_WORD && !is_keyword(parser, "AND") &&
				 !is_keyword(parser, "OR") &&
				 !is_keyword(parser, "FOLLOWEDBY")));
	}
	return any;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static bool take_observations(struct parser *parser)
{
	size_t from = parser->values->n;
	bool together = false;

	for (;;) {
		if (!take_observation(parser))
			return false;
		together |= skip_qualifiers(parser);
		if (skip_keyword(parser, "OR"))
			continue;
		if (!skip_keyword(parser, "AND") && !skip_keyword(parser, "FOLLOWEDBY"))
			break;
		together = true;
	}
	if (together) {
		parser->values->n = from;
		unusable(parser, "several observations that belong together");
	}
	return true;
}

bool stix_pattern_read(
	struct slice pattern, struct arena *arena, struct stix_values *values, struct err *why)
{
	struct parser parser = {.rest = pattern, .arena = arena, .values = values};
	bool fine;

	*values = (struct stix_values){
		.items = arena_alloc(arena, STIX_VALUES_MAX * sizeof(*values->items))};
	if (pattern.len > STIX_PATTERN_SIZE_MAX || values->items == NULL)
		return err_set(why, "a pattern that is too long");
	next(&parser);
	fine = take_observations(&parser);
	if (fine && parser.token.kind != TOKEN_END)
		fine = fail(&parser, "something behind the pattern");
	if (!fine)
		return err_set(why, "column %zu: %s",
			(size_t)(parser.token.text.ptr - pattern.ptr) + 1, parser.wrong);
	return true;
}
