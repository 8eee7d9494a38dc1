#include "collector/detect/sigma/modifiers.h"

#include "common/base64.h"
#include "common/utf8.h"

enum effect {
	EFFECT_ALL,
	EFFECT_NEGATE,
	EFFECT_CASED,
	EFFECT_EXPAND,
	EFFECT_PLACE,
	EFFECT_TEST,
	EFFECT_FLAG,
	EFFECT_COMPARE,
	EFFECT_PART,
	EFFECT_CHANGE,
};

/* Modifiers appendix 2.1; "utf16" and its kin are listed there under "Encoding". */
static const struct modifier {
	const char *name;
	enum effect effect;
	int value;
} table[] = {
	{"all", EFFECT_ALL, 0},
	{"neq", EFFECT_NEGATE, 0},
	{"cased", EFFECT_CASED, 0},
	{"expand", EFFECT_EXPAND, 0},
	{"contains", EFFECT_PLACE, PATTERN_WITHIN},
	{"startswith", EFFECT_PLACE, PATTERN_START},
	{"endswith", EFFECT_PLACE, PATTERN_END},
	{"re", EFFECT_TEST, ATOM_REGEX},
	{"cidr", EFFECT_TEST, ATOM_PREFIX},
	{"exists", EFFECT_TEST, ATOM_EXISTS},
	{"fieldref", EFFECT_TEST, ATOM_FIELD},
	{"i", EFFECT_FLAG, 'i'},
	{"m", EFFECT_FLAG, 'm'},
	{"s", EFFECT_FLAG, 's'},
	{"lt", EFFECT_COMPARE, COMPARE_LT},
	{"lte", EFFECT_COMPARE, COMPARE_LTE},
	{"gt", EFFECT_COMPARE, COMPARE_GT},
	{"gte", EFFECT_COMPARE, COMPARE_GTE},
	{"minute", EFFECT_PART, TIME_MINUTE},
	{"hour", EFFECT_PART, TIME_HOUR},
	{"day", EFFECT_PART, TIME_DAY},
	{"week", EFFECT_PART, TIME_WEEK},
	{"month", EFFECT_PART, TIME_MONTH},
	{"year", EFFECT_PART, TIME_YEAR},
	{"windash", EFFECT_CHANGE, CHANGE_WINDASH},
	{"base64", EFFECT_CHANGE, CHANGE_BASE64},
	{"base64offset", EFFECT_CHANGE, CHANGE_BASE64_OFFSET},
	{"utf16le", EFFECT_CHANGE, CHANGE_UTF16LE},
	{"wide", EFFECT_CHANGE, CHANGE_UTF16LE},
	{"utf16be", EFFECT_CHANGE, CHANGE_UTF16BE},
	{"utf16", EFFECT_CHANGE, CHANGE_UTF16},
};

/* ---- reading --------------------------------------------------------------- */

/* What was given, for the check of what goes together. */
struct given {
	struct modifiers *modifiers;
	bool place, test, flag, compare, part;
};

static const struct modifier *modifier_named(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (slice_eq(name, slice_str(table[i].name)))
			return &table[i];
	}
	return NULL;
}

static void set_flag(struct regex_flags *flags, int flag)
{
	flags->caseless |= flag == 'i';
	flags->multi_line |= flag == 'm';
	flags->dot_all |= flag == 's';
}

/* NULL, or why not. */
static const char *add(struct given *given, const struct modifier *modifier)
{
	struct modifiers *into = given->modifiers;

	switch (modifier->effect) {
	case EFFECT_ALL:
		into->all = true;
		break;
	case EFFECT_NEGATE:
		into->negate = true;
		break;
	case EFFECT_CASED:
		into->cased = true;
		break;
	case EFFECT_EXPAND:
		into->expand = true;
		break;
	case EFFECT_PLACE:
		if (given->place)
			return "only one of contains, startswith and endswith can be there";
		given->place = true;
		into->place = (enum pattern_kind)modifier->value;
		break;
	case EFFECT_TEST:
		if (given->test)
			return "only one of re, cidr, exists and fieldref can be there";
		given->test = true;
		into->test = (enum atom_test)modifier->value;
		break;
	case EFFECT_FLAG:
		given->flag = true;
		set_flag(&into->regex, modifier->value);
		break;
	case EFFECT_COMPARE:
		if (given->compare)
			return "only one of lt, lte, gt and gte can be there";
		given->compare = true;
		into->comparison = (enum comparison)modifier->value;
		break;
	case EFFECT_PART:
		if (given->part)
			return "only one part of a time can be there";
		given->part = true;
		into->part = (enum time_part)modifier->value;
		break;
	case EFFECT_CHANGE:
		if (into->n_changes == MODIFIERS_CHANGES_MAX)
			return "too many modifiers";
		into->changes[into->n_changes++] = (enum text_change)modifier->value;
		break;
	}
	return NULL;
}

static const char *check(const struct given *given)
{
	const struct modifiers *modifiers = given->modifiers;
	bool regex = given->test && modifiers->test == ATOM_REGEX;
	bool field = given->test && modifiers->test == ATOM_FIELD;
	bool number = given->compare || given->part;

	if (given->flag && !regex)
		return "i, m and s go with re only";
	if (given->test && number)
		return "numbers and times are not compared by re, cidr, exists or fieldref";
	if (given->place && ((given->test && !field) || number))
		return "contains, startswith and endswith are for texts";
	if (modifiers->n_changes > 0 && (given->test || number))
		return "windash, base64, base64offset, utf16 and wide are for texts";
	if (modifiers->expand && ((given->test && !regex) || number))
		return "expand is for texts";
	if (modifiers->test == ATOM_EXISTS && (modifiers->all || modifiers->cased))
		return "exists stands alone";
	return NULL;
}

bool modifiers_parse(struct slice text, struct pos at, struct modifiers *modifiers,
	struct mistakes *mistakes)
{
	struct given given = {.modifiers = modifiers};
	struct slice name;
	const char *reason = NULL;

	*modifiers = (struct modifiers){.test = ATOM_PATTERN, .place = PATTERN_WHOLE};
	while (text.len > 0 && slice_cut(&text, '|', &name)) {
		const struct modifier *modifier = modifier_named(name);

		if (modifier == NULL) {
			mistake_add(mistakes, at, "no such modifier: %s", MISTAKE_TEXT(name));
			return false;
		}
		reason = add(&given, modifier);
		if (reason != NULL)
			break;
	}
	if (reason == NULL)
		reason = check(&given);
	if (reason != NULL) {
		mistake_add(mistakes, at, "%s", reason);
		return false;
	}
	if (given.compare || given.part)
		modifiers->test = ATOM_NUMBER;
	return true;
}

/* ---- changing texts --------------------------------------------------------- */

static struct symbols no_symbols(struct err *err, const char *why)
{
	err_set(err, "%s", why);
	return (struct symbols){0};
}

static struct symbols checked(struct symbols symbols, struct err *err)
{
	if (symbols.at == NULL)
		err_set(err, "the value is too long");
	return symbols;
}

static bool is_word(const struct symbols *symbols, size_t i)
{
	unsigned symbol = i < symbols->n ? symbols->at[i] : ' ';

	return (symbol >= '0' && symbol <= '9') || symbol == '_' ||
	       ((symbol | 0x20) >= 'a' && (symbol | 0x20) <= 'z') ||
	       (symbol >= 0x80 && symbol < SYMBOL_ONE);
}

/* Symbols of the dash at `i`: 1, 3 for the long ones, 0 = there is none. */
static size_t dash_at(const struct symbols *symbols, size_t i)
{
	const uint16_t *at = symbols->at + i;

	if (at[0] == '-' || at[0] == '/')
		return 1;
	return i + 2 < symbols->n && at[0] == 0xe2 && at[1] == 0x80 &&
			       (at[2] == 0x93 || at[2] == 0x94 || at[2] == 0x95)
		       ? 3
		       : 0;
}

/* A dash that begins a word is that of an option; others stay. */
static struct symbols windash(struct symbols symbols)
{
	size_t n = 0;
	bool after_word = false;

	for (size_t i = 0; i < symbols.n;) {
		size_t width = dash_at(&symbols, i);
		bool option = width > 0 && !after_word && is_word(&symbols, i + width);

		after_word = width == 0 && is_word(&symbols, i);
		if (option) {
			symbols.at[n++] = SYMBOL_DASH;
			i += width;
		} else {
			symbols.at[n++] = symbols.at[i++];
		}
	}
	symbols.n = n;
	return symbols;
}

enum { BASE64_ALONE = 3 }; /* not one of the three places where bytes before may end */

static struct symbols base64_text(
	struct arena *arena, struct slice text, unsigned skip, struct err *err)
{
	/* of the encoded text: what of it depends on the bytes before, and on those behind */
	static const uint8_t first[] = {0, 2, 3}, last[] = {0, 3, 2};
	struct strbuf bytes = STRBUF_INIT(PATTERN_SYMBOLS_MAX + 8);
	struct strbuf encoded = STRBUF_INIT(2 * PATTERN_SYMBOLS_MAX);
	struct slice all;
	struct symbols made;

	strbuf_add(&bytes, slice_head(SLICE_LIT("   "), skip % BASE64_ALONE));
	strbuf_add(&bytes, text);
	base64_add(&encoded, BASE64_PLAIN, strbuf_slice(&bytes));
	all = strbuf_slice(&encoded);
	if (skip != BASE64_ALONE) {
		all = slice_head(all, all.len - last[(text.len + skip) % 3]);
		all = slice_from(all, all.len < first[skip] ? all.len : first[skip]);
	}
	made = checked(symbols_of_bytes(arena, all), err);
	strbuf_done(&bytes);
	strbuf_done(&encoded);
	return made;
}

static struct symbols base64(
	struct arena *arena, struct symbols symbols, unsigned skip, struct err *err)
{
	struct slice text;

	if (!symbols_plain(symbols))
		return no_symbols(err, "a value with wildcards or windash cannot be base64");
	text = symbols_text(arena, symbols);
	if (slice_absent(text))
		return checked((struct symbols){0}, err);
	return base64_text(arena, text, skip, err);
}

static size_t put_unit(uint16_t *to, unsigned unit, bool big)
{
	to[0] = (uint16_t)(big ? unit >> 8 : unit & 0xff);
	to[1] = (uint16_t)(big ? unit & 0xff : unit >> 8);
	return 2;
}

static unsigned code_point(const uint16_t *at, size_t width)
{
	unsigned code = width == 1 ? at[0] : at[0] & (0x7fu >> width);

	for (size_t i = 1; i < width; i++)
		code = code << 6 | (at[i] & 0x3f);
	return code;
}

static size_t put_character(uint16_t *to, unsigned code, bool big)
{
	if (code < 0x10000)
		return put_unit(to, code, big);
	code -= 0x10000;
	return put_unit(to, 0xd800 | code >> 10, big) +
	       put_unit(to + 2, 0xdc00 | (code & 0x3ff), big);
}

/* Characters at `i` of UTF-8 that is known to be whole. */
static size_t width_of(const struct symbols *symbols, size_t i)
{
	char bytes[4];
	size_t n = 0, width;

	for (; n < 4 && i + n < symbols->n && symbols->at[i + n] < SYMBOL_ONE; n++)
		bytes[n] = (char)symbols->at[i + n];
	width = utf8_width(slice_of(bytes, n));
	return width ? width : 1;
}

static struct symbols utf16(
	struct arena *arena, struct symbols symbols, bool big, bool mark, struct err *err)
{
	struct symbols out = {.at = arena_alloc(arena, (4 * symbols.n + 2) * sizeof(*out.at))};

	if (out.at == NULL)
		return checked(out, err);
	if (mark)
		out.n = put_unit(out.at, 0xfeff, big);
	for (size_t i = 0; i < symbols.n;) {
		size_t width = 1;

		if (symbols.at[i] >= SYMBOL_ONE) {
			out.at[out.n++] = symbols.at[i];
		} else {
			width = width_of(&symbols, i);
			out.n += put_character(
				out.at + out.n, code_point(symbols.at + i, width), big);
		}
		i += width;
	}
	return out;
}

static struct symbols change_one(
	struct arena *arena, enum text_change change, struct symbols symbols, struct err *err)
{
	switch (change) {
	case CHANGE_WINDASH:
		return windash(symbols);
	case CHANGE_BASE64:
	case CHANGE_BASE64_OFFSET:
		return base64(arena, symbols, BASE64_ALONE, err);
	case CHANGE_UTF16LE:
		return utf16(arena, symbols, false, false, err);
	case CHANGE_UTF16BE:
		return utf16(arena, symbols, true, false, err);
	case CHANGE_UTF16:
		return utf16(arena, symbols, false, true, err);
	}
	return symbols;
}

/* The wildcards of "contains" and the like. */
static struct symbols placed(
	struct arena *arena, enum pattern_kind place, struct symbols symbols, struct err *err)
{
	uint16_t many = SYMBOL_MANY;
	struct symbols parts[3] = {{&many, place == PATTERN_WITHIN || place == PATTERN_END},
		symbols, {&many, place == PATTERN_WITHIN || place == PATTERN_START}};

	return checked(symbols_join(arena, parts, 3), err);
}

/* One text into three: whatever stands before it in what was encoded. */
static unsigned spread(struct arena *arena, struct symbols *texts, unsigned n, struct err *err)
{
	struct symbols value = texts[0];

	if (n > 1) {
		err_set(err, "base64offset can be there once only");
		return 0;
	}
	for (n = 0; n < MODIFIERS_TEXTS_MAX; n++) {
		texts[n] = base64(arena, value, n, err);
		if (texts[n].at == NULL)
			return 0;
		if (texts[n].n == 0) {
			err_set(err, "the value is too short for base64offset");
			return 0;
		}
	}
	return n;
}

static unsigned change_all(struct arena *arena, enum text_change change, struct symbols *texts,
	unsigned n, struct err *err)
{
	if (change == CHANGE_BASE64_OFFSET)
		return spread(arena, texts, n, err);
	for (unsigned k = 0; k < n; k++) {
		texts[k] = change_one(arena, change, texts[k], err);
		if (texts[k].at == NULL)
			return 0;
	}
	return n;
}

unsigned modifiers_apply(const struct modifiers *modifiers, struct arena *arena,
	struct symbols value, struct symbols *texts, struct err *err)
{
	unsigned n = 1;

	texts[0] = checked(value, err);
	if (texts[0].at == NULL)
		return 0;
	for (unsigned i = 0; i < modifiers->n_changes && n > 0; i++)
		n = change_all(arena, modifiers->changes[i], texts, n, err);
	for (unsigned k = 0; k < n; k++) {
		texts[k] = placed(arena, modifiers->place, texts[k], err);
		if (texts[k].at == NULL)
			return 0;
	}
	return n;
}
