/*
 * The commented file. Two kinds of comments: help ("# text") and what could be
 * active ("#key: value"); an indented '#' or one before a single blank is help.
 */
#include <assert.h>

#include "common/conf.h"
#include "common/conf_value.h"
#include "common/json.h"

enum { COLUMNS = 80, HELP_MAX = 4096, STEP = 2 };

struct printer {
	struct strbuf *out;
	size_t indent;
	bool commented; /* what is printed is no active part of the file */
	bool dash;      /* the next key begins an item of a list */
};

static void print_table(struct printer *printer, const struct setting *table);

static void add_blanks(struct strbuf *out, size_t n)
{
	while (n-- > 0)
		strbuf_add_byte(out, ' ');
}

static void begin_line(const struct printer *printer)
{
	if (printer->commented)
		strbuf_add_byte(printer->out, '#');
	add_blanks(printer->out, printer->indent);
}

/* ---- help ----------------------------------------------------------------- */

/* Where to break `text` so that at most `room` bytes of UTF-8 characters come before. */
static size_t break_at(struct slice text, size_t room)
{
	size_t columns = 0, last = text.len;

	for (size_t at = 0; at < text.len; at++) {
		if (text.ptr[at] == ' ' && columns <= room)
			last = at;
		else if (text.ptr[at] == ' ')
			return last < text.len ? last : at;
		columns += ((unsigned char)text.ptr[at] & 0xc0) != 0x80;
	}
	return columns <= room ? text.len : last;
}

static void print_wrapped(const struct printer *printer, struct slice text)
{
	size_t before = printer->indent + printer->commented + 2;
	size_t room = before < COLUMNS - 20 ? COLUMNS - before : 20;

	while (text.len > 0) {
		size_t len = break_at(text, room);

		begin_line(printer);
		strbuf_addf(printer->out, "# %.*s\n", SLICE_FMT(slice_head(text, len)));
		text = slice_trim(slice_from(text, len));
	}
}

/* Paragraphs stay lines of their own. */
static void print_comment(const struct printer *printer, const char *text)
{
	struct slice rest = slice_str(text), line;

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len > 0) {
			print_wrapped(printer, line);
		} else if (rest.len > 0) {
			begin_line(printer);
			strbuf_add_str(printer->out, "#\n");
		}
	}
}

static bool is_list(enum setting_kind kind)
{
	return kind == SETTING_TEXTS || kind == SETTING_PATHS || kind == SETTING_SECTIONS ||
	       kind == SETTING_PAIRS;
}

static bool is_required(const struct setting *setting)
{
	if (setting->kind == SETTING_SECTION || setting->standard != NULL)
		return false;
	return !is_list(setting->kind) || setting->min > 0;
}

/* Lengths of texts, and "at least one" of a required list, are no news to a reader. */
static bool says_range(const struct setting *setting)
{
	if (setting->kind == SETTING_TEXT || setting->kind == SETTING_PATH)
		return false;
	if (is_list(setting->kind) && setting->max == 0)
		return setting->min > 1;
	return setting->min > 0 || setting->max > 0;
}

static void add_limits(const struct setting *setting, struct strbuf *help)
{
	if (is_required(setting))
		strbuf_add_str(help, " Required.");
	if (setting->kind == SETTING_CHOICE) {
		strbuf_add_str(help, " One of");
		for (const char *const *word = setting->choices; *word != NULL; word++)
			strbuf_addf(help, "%s %s", word == setting->choices ? ":" : ",", *word);
		strbuf_add_byte(help, '.');
	} else if (says_range(setting)) {
		strbuf_add_str(help, " Range: ");
		conf_value_range(setting, help);
		strbuf_add_byte(help, '.');
	}
}

static void print_help(const struct printer *printer, const struct setting *setting)
{
	struct printer line = *printer;
	struct strbuf help = STRBUF_INIT(HELP_MAX);

	line.indent -= printer->dash ? STEP : 0;

	strbuf_add_str(&help, setting->help);
	add_limits(setting, &help);
	print_comment(&line, strbuf_cstr(&help));
	strbuf_done(&help);
}

/* ---- values --------------------------------------------------------------- */

static bool is_word_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || memchr("/._-+", byte, 5) != NULL;
}

/* Can the text stand without quotes and mean itself to every YAML reader? */
static bool is_plain_word(struct slice text)
{
	static const char *const other[] = {
		"null", "true", "false", "yes", "no", "on", "off", "y", "n"};

	if (text.len == 0 || (text.ptr[0] != '/' && (text.ptr[0] < 'A' || text.ptr[0] > 'z')))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_word_byte(text.ptr[i]))
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		if (slice_eq_nocase(text, slice_str(other[i])))
			return false;
	}
	return true;
}

static void add_value(struct strbuf *out, const struct setting *setting)
{
	struct slice text = slice_str(setting->standard);
	bool quoted = setting->kind == SETTING_TEXT || setting->kind == SETTING_PATH ||
		      setting->kind == SETTING_CHOICE;

	if (!quoted || is_plain_word(text)) {
		strbuf_add(out, text);
		return;
	}
	strbuf_add_byte(out, '"'); /* a JSON string is a YAML text in double quotes */
	json_escape(out, text);
	strbuf_add_byte(out, '"');
}

/* "key:", behind "- " when it begins an item. */
static void begin_key(struct printer *printer, const struct setting *setting)
{
	if (printer->dash) {
		struct printer before = *printer;

		before.indent -= STEP;
		begin_line(&before);
		strbuf_add_str(printer->out, "- ");
		printer->dash = false;
	} else {
		begin_line(printer);
	}
	strbuf_addf(printer->out, "%s:", setting->key);
}

static void print_scalar(struct printer *printer, const struct setting *setting)
{
	struct printer line = *printer;

	line.commented = printer->commented || setting->standard == NULL;
	begin_key(&line, setting);
	strbuf_add_byte(printer->out, ' ');
	if (setting->standard != NULL)
		add_value(printer->out, setting);
	else
		strbuf_add_str(printer->out, setting->example ? setting->example : "\"\"");
	strbuf_add_byte(printer->out, '\n');
	printer->dash = line.dash;
}

static void print_lines(const struct printer *printer, const char *lines)
{
	struct slice rest = slice_str(lines), line;

	while (slice_cut(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		begin_line(printer);
		strbuf_add(printer->out, line);
		strbuf_add_byte(printer->out, '\n');
	}
}

static struct printer inside(const struct printer *printer, bool commented)
{
	struct printer inner = *printer;

	inner.indent += STEP;
	inner.commented |= commented;
	return inner;
}

/* Example and, for sections, an item with every key; commented out. */
static void print_examples(struct printer *printer, const struct setting *setting)
{
	struct printer line = *printer, inner = inside(printer, true);

	line.commented = true;
	begin_key(&line, setting);
	printer->dash = line.dash;
	strbuf_add_byte(printer->out, '\n');
	if (setting->example != NULL)
		print_lines(&inner, setting->example);
	if (setting->kind != SETTING_SECTIONS)
		return;
	if (setting->example != NULL)
		print_comment(&inner, "An item with every key:");
	inner.indent += STEP;
	inner.dash = true;
	print_table(&inner, setting->table);
}

static void print_list(struct printer *printer, const struct setting *setting)
{
	bool examples = setting->kind == SETTING_SECTIONS || setting->example != NULL;

	if (examples)
		print_examples(printer, setting);
	if (examples && (printer->commented || setting->standard == NULL))
		return;

	struct printer line = *printer;
	line.commented |= setting->standard == NULL;
	begin_key(&line, setting);
	printer->dash = line.dash;
	const char *none = setting->kind == SETTING_PAIRS ? "{}" : "[]";
	strbuf_addf(printer->out, " %s\n", setting->standard ? setting->standard : none);
}

static void print_section(struct printer *printer, const struct setting *setting)
{
	begin_key(printer, setting);
	strbuf_add_byte(printer->out, '\n');

	struct printer inner = inside(printer, false);
	print_table(&inner, setting->table);
}

static void print_setting(struct printer *printer, const struct setting *setting)
{
	print_help(printer, setting);
	if (setting->kind == SETTING_SECTION)
		print_section(printer, setting);
	else if (is_list(setting->kind))
		print_list(printer, setting);
	else
		print_scalar(printer, setting);
}

static void print_table(struct printer *printer, const struct setting *table)
{
	for (const struct setting *setting = table; setting->key != NULL; setting++) {
		if (setting != table && !printer->commented)
			strbuf_add_byte(printer->out, '\n');
		print_setting(printer, setting);
	}
}

void conf_print(const struct setting *table, const char *head, struct strbuf *out)
{
	struct printer printer = {.out = out};

	print_comment(&printer, head);
	strbuf_add_byte(out, '\n');
	print_table(&printer, table);
}
