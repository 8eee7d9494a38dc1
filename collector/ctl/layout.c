#include "collector/ctl/layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <yyjson.h>

enum { COLUMNS_MAX = 32, CELL_MAX = 128, NAME_WIDTH = 32 };

/* The value as people read it. */
static const char *text_of(yyjson_val *value, char out[CELL_MAX])
{
	if (yyjson_is_uint(value))
		snprintf(out, CELL_MAX, "%" PRIu64, yyjson_get_uint(value));
	else if (yyjson_is_sint(value))
		snprintf(out, CELL_MAX, "%" PRId64, yyjson_get_sint(value));
	else if (yyjson_is_bool(value))
		snprintf(out, CELL_MAX, "%s", yyjson_get_bool(value) ? "yes" : "no");
	else if (yyjson_is_str(value))
		snprintf(out, CELL_MAX, "%s", yyjson_get_str(value));
	else
		snprintf(out, CELL_MAX, "-");
	return out;
}

/* ---- a table ------------------------------------------------------------------ */

struct columns {
	int width[COLUMNS_MAX];
};

static void widen(struct columns *columns, size_t at, const char *text)
{
	int width = (int)strlen(text);

	if (at < COLUMNS_MAX && width > columns->width[at])
		columns->width[at] = width;
}

static void measure(struct columns *columns, yyjson_val *list)
{
	yyjson_val *row, *name, *value;
	size_t at, n, column, n_columns;
	char text[CELL_MAX];

	yyjson_arr_foreach(list, at, n, row)
	{
		yyjson_obj_foreach(row, column, n_columns, name, value)
		{
			widen(columns, column, yyjson_get_str(name));
			widen(columns, column, text_of(value, text));
		}
	}
}

/* Numbers to the right. */
static void print_cell(const struct columns *columns, size_t at, bool right, const char *text)
{
	int width = at < COLUMNS_MAX ? columns->width[at] : 0;

	printf(right ? "%s%*s" : "%s%-*s", at > 0 ? "  " : "", width, text);
}

static void print_head(const struct columns *columns, yyjson_val *row)
{
	yyjson_val *name, *value;
	size_t column, n;

	yyjson_obj_foreach(row, column, n, name, value)
	{
		print_cell(columns, column, yyjson_is_num(value), yyjson_get_str(name));
	}
	putchar('\n');
}

static void print_row(const struct columns *columns, yyjson_val *row)
{
	yyjson_val *name, *value;
	size_t column, n;
	char text[CELL_MAX];

	yyjson_obj_foreach(row, column, n, name, value)
	{
		print_cell(columns, column, yyjson_is_num(value), text_of(value, text));
	}
	putchar('\n');
}

static void print_table(yyjson_val *list)
{
	struct columns columns = {{0}};
	yyjson_val *row;
	size_t at, n;

	measure(&columns, list);
	yyjson_arr_foreach(list, at, n, row)
	{
		if (at == 0)
			print_head(&columns, row);
		print_row(&columns, row);
	}
	printf("%zu in all\n", yyjson_arr_size(list));
}

/* ---- a line a member ---------------------------------------------------------- */

static void print_array(const char *name, yyjson_val *array)
{
	yyjson_val *value;
	size_t at, n;
	char text[CELL_MAX];

	if (yyjson_is_obj(yyjson_arr_get_first(array))) {
		printf("\n%s\n", name);
		print_table(array);
		return;
	}
	printf("%-*s", NAME_WIDTH, name);
	yyjson_arr_foreach(array, at, n, value)
	{
		printf(" %s", text_of(value, text));
	}
	putchar('\n');
}

static void print_object(yyjson_val *object)
{
	yyjson_val *name, *value;
	size_t at, n;
	char text[CELL_MAX];

	yyjson_obj_foreach(object, at, n, name, value)
	{
		if (yyjson_is_obj(value)) {
			printf("\n%s\n", yyjson_get_str(name));
			print_object(value);
		} else if (yyjson_is_arr(value)) {
			print_array(yyjson_get_str(name), value);
		} else {
			printf("%-*s %s\n", NAME_WIDTH, yyjson_get_str(name),
				text_of(value, text));
		}
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

bool layout_print(struct slice answer)
{
	yyjson_doc *doc = yyjson_read(answer.ptr, answer.len, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (root != NULL) {
		yyjson_val *list = only_list(root);

		if (list != NULL)
			print_table(list);
		else
			print_object(root);
	}
	yyjson_doc_free(doc);
	return root != NULL;
}
