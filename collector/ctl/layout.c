#include "collector/ctl/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#include "common/utf8.h"

enum { COLUMNS_MAX = 32, CELL_MAX = 256, NAME_WIDTH = 32, PATH_MAX_SHOWN = 128 };

/* ---- a value ------------------------------------------------------------------ */

/* As people read it. */
static void put_value(struct strbuf *out, yyjson_val *value)
{
	if (yyjson_is_uint(value))
		strbuf_addf(out, "%" PRIu64, yyjson_get_uint(value));
	else if (yyjson_is_sint(value))
		strbuf_addf(out, "%" PRId64, yyjson_get_sint(value));
	else if (yyjson_is_bool(value))
		strbuf_add_str(out, yyjson_get_bool(value) ? "yes" : "no");
	else if (yyjson_is_str(value))
		utf8_show(out, utf8_head(slice_of(yyjson_get_str(value), yyjson_get_len(value)),
				       CELL_MAX));
	else
		strbuf_add_str(out, "-");
}

static size_t characters(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
	return n;
}

static void put_spaces(struct strbuf *out, size_t n)
{
	while (n-- > 0)
		strbuf_add_str(out, " ");
}

/* ---- a table ------------------------------------------------------------------ */

struct column {
	const char *name;
	size_t width; /* characters */
	bool right;   /* numbers */
};

struct table {
	struct column columns[COLUMNS_MAX];
	unsigned n;
	struct strbuf cell;
};

/* That of the name, made when it is new; NULL: there are too many. */
static struct column *column_of(struct table *table, const char *name)
{
	for (unsigned i = 0; i < table->n; i++) {
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	if (table->n == COLUMNS_MAX)
		return NULL;
	table->columns[table->n] = (struct column){.name = name, .width = strlen(name)};
	return &table->columns[table->n++];
}

static void measure(struct table *table, yyjson_val *list)
{
	yyjson_val *row, *name, *value;
	size_t at, n, member, n_members;

	yyjson_arr_foreach(list, at, n, row)
	{
		yyjson_obj_foreach(row, member, n_members, name, value)
		{
			struct column *column = column_of(table, yyjson_get_str(name));

			if (column == NULL)
				continue;
			strbuf_reset(&table->cell);
			put_value(&table->cell, value);
			size_t width = characters(strbuf_slice(&table->cell));
			if (width > column->width)
				column->width = width;
			column->right |= yyjson_is_num(value);
		}
	}
}

static void put_cell(struct strbuf *out, const struct table *table, unsigned i)
{
	const struct column *column = &table->columns[i];
	size_t pad = column->width - characters(strbuf_slice(&table->cell));

	if (i > 0)
		put_spaces(out, 2);
	if (column->right)
		put_spaces(out, pad);
	strbuf_add(out, strbuf_slice(&table->cell));
	if (!column->right && i + 1 < table->n)
		put_spaces(out, pad);
}

/* `row` NULL: the heading. */
static void put_row(struct strbuf *out, struct table *table, yyjson_val *row)
{
	for (unsigned i = 0; i < table->n; i++) {
		const char *name = table->columns[i].name;

		strbuf_reset(&table->cell);
		if (row == NULL)
			strbuf_add_str(&table->cell, name);
		else
			put_value(&table->cell, yyjson_obj_get(row, name));
		put_cell(out, table, i);
	}
	strbuf_add_str(out, "\n");
}

static void put_table(struct strbuf *out, yyjson_val *list)
{
	struct table table = {.cell = STRBUF_INIT(4 * CELL_MAX)};
	yyjson_val *row;
	size_t at, n;

	measure(&table, list);
	if (table.n > 0)
		put_row(out, &table, NULL);
	yyjson_arr_foreach(list, at, n, row)
	{
		put_row(out, &table, row);
	}
	strbuf_addf(out, "%zu in all\n", yyjson_arr_size(list));
	strbuf_done(&table.cell);
}

/* ---- a line a member ---------------------------------------------------------- */

/* Has a place of its own, behind the lines. */
static bool is_section(yyjson_val *value)
{
	return yyjson_is_obj(value) || yyjson_is_obj(yyjson_arr_get_first(value));
}

static void put_line(struct strbuf *out, const char *name, yyjson_val *value)
{
	yyjson_val *one;
	size_t at, n;

	strbuf_addf(out, "%-*s", NAME_WIDTH, name);
	if (!yyjson_is_arr(value)) {
		strbuf_add_str(out, " ");
		put_value(out, value);
	} else if (yyjson_arr_size(value) == 0) {
		strbuf_add_str(out, " none");
	}
	yyjson_arr_foreach(value, at, n, one)
	{
		strbuf_add_str(out, " ");
		put_value(out, one);
	}
	strbuf_add_str(out, "\n");
}

static void put_object(struct strbuf *out, const char *path, yyjson_val *object);

static void put_section(
	struct strbuf *out, const char *path, const char *name, yyjson_val *value)
{
	char whole[PATH_MAX_SHOWN];

	snprintf(whole, sizeof(whole), "%s%s%s", path, *path != '\0' ? "." : "", name);
	strbuf_addf(out, "\n%s\n", whole);
	if (yyjson_is_obj(value))
		put_object(out, whole, value);
	else
		put_table(out, value);
}

/* Of a member; it always has one. */
static const char *text_of(yyjson_val *name)
{
	const char *text = yyjson_get_str(name);

	return text != NULL ? text : "";
}

static void put_object(struct strbuf *out, const char *path, yyjson_val *object)
{
	yyjson_val *name, *value;
	size_t at, n;

	yyjson_obj_foreach(object, at, n, name, value)
	{
		if (!is_section(value))
			put_line(out, text_of(name), value);
	}
	yyjson_obj_foreach(object, at, n, name, value)
	{
		if (is_section(value))
			put_section(out, path, text_of(name), value);
	}
}

/* The list of an answer whose only member is one. */
static yyjson_val *only_list(yyjson_val *root)
{
	yyjson_obj_iter members;

	if (yyjson_obj_size(root) != 1)
		return NULL;
	yyjson_obj_iter_init(root, &members);
	yyjson_val *value = yyjson_obj_iter_get_val(yyjson_obj_iter_next(&members));
	return yyjson_is_arr(value) ? value : NULL;
}

bool layout_put(struct strbuf *out, struct slice answer)
{
	yyjson_doc *doc = yyjson_read(answer.ptr, answer.len, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (root != NULL) {
		yyjson_val *list = only_list(root);

		if (list != NULL)
			put_table(out, list);
		else
			put_object(out, "", root);
	}
	yyjson_doc_free(doc);
	return root != NULL;
}
