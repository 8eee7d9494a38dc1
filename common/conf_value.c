#include "common/conf_value.h"

#include <assert.h>

#include "common/nearest.h"
#include "common/unit.h"

enum { RANGE_TEXT_MAX = 128 };

bool conf_value_in_range(const struct setting *setting, uint64_t amount)
{
	return amount >= setting->min && (setting->max == 0 || amount <= setting->max);
}

static void add_amount(const struct setting *setting, uint64_t amount, struct strbuf *out)
{
	if (setting->kind == SETTING_BYTES)
		unit_format(unit_bytes, amount, out);
	else if (setting->kind == SETTING_DURATION)
		unit_format(unit_duration, amount, out);
	else
		strbuf_add_u64(out, amount);
}

/* The word behind the range of something counted. */
static const char *counted(const struct setting *setting)
{
	bool one = (setting->max > 0 ? setting->max : setting->min) == 1;

	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_PATH:
		return one ? " byte" : " bytes";
	case SETTING_TEXTS:
	case SETTING_PATHS:
	case SETTING_SECTIONS:
		return one ? " item" : " items";
	case SETTING_PAIRS:
		return one ? " key" : " keys";
	case SETTING_END:
	case SETTING_FLAG:
	case SETTING_COUNT:
	case SETTING_BYTES:
	case SETTING_DURATION:
	case SETTING_CHOICE:
	case SETTING_SECTION:
		break;
	}
	return "";
}

void conf_value_range(const struct setting *setting, struct strbuf *out)
{
	if (setting->min == 0 && setting->max == 0)
		return;
	if (setting->max == 0)
		strbuf_add_str(out, "at least ");
	else if (setting->min == 0)
		strbuf_add_str(out, "at most ");
	if (setting->min > 0)
		add_amount(setting, setting->min, out);
	if (setting->min > 0 && setting->max > 0)
		strbuf_add_str(out, " to ");
	if (setting->max > 0)
		add_amount(setting, setting->max, out);
	strbuf_add_str(out, counted(setting));
}

static bool check_range(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, uint64_t amount)
{
	struct strbuf range = STRBUF_INIT(RANGE_TEXT_MAX);

	if (conf_value_in_range(setting, amount))
		return true;
	conf_value_range(setting, &range);
	if (counted(setting)[0] != '\0')
		mistake_add(values->mistakes, tree_pos(node), "'%s' must have %s, not %llu",
			setting->key, strbuf_cstr(&range), (unsigned long long)amount);
	else
		mistake_add(values->mistakes, tree_pos(node), "'%s' must be %s, not %s",
			setting->key, strbuf_cstr(&range), MISTAKE_TEXT(node->text));
	strbuf_done(&range);
	return false;
}

bool conf_value_is(const struct conf_values *values, const char *key,
	const struct tree_node *node, enum tree_kind kind)
{
	static const char *const wanted[] = {
		[TREE_TEXT] = "one value",
		[TREE_LIST] = "a list ([a, b], or lines that begin with '- ')",
		[TREE_MAP] = "a mapping of keys (is a blank missing behind a ':'?)",
	};

	if (tree_is_null(node)) {
		mistake_add(values->mistakes, tree_pos(node),
			"'%s' has no value; leave the line out for the default%s", key,
			kind == TREE_LIST   ? ", or write [] for an empty list"
			: kind == TREE_TEXT ? ", or write \"\" for an empty text"
					    : "");
		return false;
	}
	if (node->kind == kind)
		return true;
	mistake_add(values->mistakes, tree_pos(node), "'%s' must be %s, not %s", key,
		wanted[kind], tree_kind_name(node));
	return false;
}

/* ---- texts ---------------------------------------------------------------- */

static bool has_control(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return true;
	}
	return false;
}

static bool is_relative(struct slice path)
{
	return path.len > 0 && path.ptr[0] != '/';
}

static const char *join(struct arena *arena, struct slice head, struct slice tail)
{
	char *text = arena_alloc(arena, head.len + tail.len + 1);

	if (text == NULL)
		return NULL;
	if (head.len > 0)
		memcpy(text, head.ptr, head.len);
	if (tail.len > 0)
		memcpy(text + head.len, tail.ptr, tail.len);
	text[head.len + tail.len] = '\0';
	return text;
}

bool conf_value_text(const struct conf_values *values, const char *key, bool path,
	const struct tree_node *node, const char **member)
{
	if (!conf_value_is(values, key, node, TREE_TEXT))
		return false;
	if (slice_find(node->text, '\0') < node->text.len ||
		(path && has_control(node->text))) {
		mistake_add(values->mistakes, tree_pos(node),
			"'%s' holds control characters: %s", key, MISTAKE_TEXT(node->text));
		return false;
	}

	struct slice head = path && is_relative(node->text) ? values->folder : SLICE_NONE;
	const char *text = join(values->arena, head, node->text);
	if (text == NULL) {
		mistake_add(values->mistakes, tree_pos(node), "too much text in one file");
		return false;
	}
	*member = text;
	return true;
}

static bool read_text(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, const char **member)
{
	bool path = setting->kind == SETTING_PATH;

	if (!conf_value_is(values, setting->key, node, TREE_TEXT))
		return false;
	return check_range(values, setting, node, node->text.len) &&
	       conf_value_text(values, setting->key, path, node, member);
}

/* ---- words and numbers ---------------------------------------------------- */

static bool read_flag(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, bool *member)
{
	static const struct {
		struct slice word;
		bool value;
	} words[] = {
		{{SLICE_BYTES("true")}, true},
		{{SLICE_BYTES("false")}, false},
		{{SLICE_BYTES("yes")}, true},
		{{SLICE_BYTES("no")}, false},
		{{SLICE_BYTES("on")}, true},
		{{SLICE_BYTES("off")}, false},
	};

	for (size_t i = 0; node->plain && i < ARRAY_LEN(words); i++) {
		if (slice_eq_nocase(node->text, words[i].word)) {
			*member = words[i].value;
			return true;
		}
	}
	mistake_add(values->mistakes, tree_pos(node), "'%s' must be true or false, not %s%s",
		setting->key, MISTAKE_TEXT(node->text), node->plain ? "" : " in quotes");
	return false;
}

static bool read_count(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, uint32_t *member)
{
	uint64_t number;
	bool digits = slice_to_u64(node->text, UINT64_MAX, &number);
	bool leading_zero = digits && node->text.len > 1 && node->text.ptr[0] == '0';

	if (!digits || !node->plain || leading_zero) {
		mistake_add(values->mistakes, tree_pos(node),
			"'%s' must be a whole number, not %s%s", setting->key,
			MISTAKE_TEXT(node->text),
			!node->plain   ? " in quotes"
			: leading_zero ? " (no leading zeros)"
				       : "");
		return false;
	}
	if (!check_range(values, setting, node, number))
		return false;
	if (number > UINT32_MAX) {
		mistake_add(values->mistakes, tree_pos(node), "'%s' must be at most %u, not %s",
			setting->key, UINT32_MAX, MISTAKE_TEXT(node->text));
		return false;
	}
	*member = (uint32_t)number;
	return true;
}

static void add_unit_names(const struct unit *units, struct strbuf *out)
{
	for (const struct unit *unit = units; unit->name != NULL; unit++)
		strbuf_addf(out, "%s%s", unit == units ? "" : ", ", unit->name);
}

static bool refuse_unit(const struct conf_values *values, const struct setting *setting,
	const struct unit *units, const struct tree_node *node, enum unit_status status)
{
	static const char *const words[] = {
		[UNIT_NO_NUMBER] = "must be a whole number with a unit",
		[UNIT_MISSING] = "needs a unit",
		[UNIT_UNKNOWN] = "has an unknown unit",
		[UNIT_TOO_LARGE] = "is too large",
	};
	struct strbuf names = STRBUF_INIT(RANGE_TEXT_MAX);

	add_unit_names(units, &names);
	mistake_add(values->mistakes, tree_pos(node), "'%s' %s (%s): %s", setting->key,
		words[status], strbuf_cstr(&names), MISTAKE_TEXT(node->text));
	strbuf_done(&names);
	return false;
}

static bool read_amount(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, uint64_t *member)
{
	const struct unit *units = setting->kind == SETTING_BYTES ? unit_bytes : unit_duration;
	uint64_t amount;
	enum unit_status status = unit_parse(units, node->text, &amount);

	if (status != UNIT_OK)
		return refuse_unit(values, setting, units, node, status);
	if (!check_range(values, setting, node, amount))
		return false;
	*member = amount;
	return true;
}

static bool refuse_choice(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node)
{
	struct nearest nearest = {.word = node->text};
	struct strbuf words = STRBUF_INIT(ERR_TEXT_MAX);

	for (const char *const *word = setting->choices; *word != NULL; word++) {
		strbuf_addf(&words, "%s%s", word == setting->choices ? "" : ", ", *word);
		nearest_offer(&nearest, *word);
	}
	mistake_add(values->mistakes, tree_pos(node), "'%s' must be one of %s, not %s%s%s%s",
		setting->key, strbuf_cstr(&words), MISTAKE_TEXT(node->text),
		nearest.best ? ", nearest is '" : "", nearest.best ? nearest.best : "",
		nearest.best ? "'" : "");
	strbuf_done(&words);
	return false;
}

static bool read_choice(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, int *member)
{
	for (int i = 0; setting->choices[i] != NULL; i++) {
		if (slice_eq(node->text, slice_str(setting->choices[i]))) {
			*member = i;
			return true;
		}
	}
	return refuse_choice(values, setting, node);
}

bool conf_value_read(const struct conf_values *values, const struct setting *setting,
	const struct tree_node *node, void *member)
{
	if (!conf_value_is(values, setting->key, node, TREE_TEXT))
		return false;
	switch (setting->kind) {
	case SETTING_TEXT:
	case SETTING_PATH:
		return read_text(values, setting, node, member);
	case SETTING_FLAG:
		return read_flag(values, setting, node, member);
	case SETTING_COUNT:
		return read_count(values, setting, node, member);
	case SETTING_BYTES:
	case SETTING_DURATION:
		return read_amount(values, setting, node, member);
	case SETTING_CHOICE:
		return read_choice(values, setting, node, member);
	case SETTING_END:
	case SETTING_TEXTS:
	case SETTING_PATHS:
	case SETTING_SECTION:
	case SETTING_SECTIONS:
	case SETTING_PAIRS:
		break;
	}
	assert(false); /* sections and lists are read by conf.c */
	return false;
}
