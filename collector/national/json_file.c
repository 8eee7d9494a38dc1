#include "collector/national/json_file.h"

#include <stdlib.h>

struct json_file {
	char *bytes; /* texts of the document lie in it, where they were written */
	size_t len;
	const char *text; /* as it was given: reading changes `bytes` */
	yyjson_doc *doc;
};

static struct pos pos_of(const char *text, size_t at)
{
	struct pos pos = {.line = 1, .column = 1};

	for (size_t i = 0; i < at; i++) {
		pos.column++;
		if (text[i] == '\n')
			pos = (struct pos){.line = pos.line + 1, .column = 1};
	}
	return pos;
}

struct pos json_file_at(const struct json_file *file, yyjson_val *text)
{
	const char *at = yyjson_get_str(text);

	if (at == NULL || at <= file->bytes || at > file->bytes + file->len)
		return (struct pos){0};
	return pos_of(file->text, (size_t)(at - file->bytes) - 1); /* of the quote */
}

static int compare_keys(const void *a, const void *b)
{
	struct slice left = json_file_text(*(yyjson_val *const *)a);
	struct slice right = json_file_text(*(yyjson_val *const *)b);
	size_t len = left.len < right.len ? left.len : right.len;
	int order = len > 0 ? memcmp(left.ptr, right.ptr, len) : 0;

	if (order != 0)
		return order;
	return (left.len > right.len) - (left.len < right.len);
}

static bool keys_differ(
	const struct json_file *file, yyjson_val *object, struct mistakes *mistakes)
{
	size_t n = 0, room = yyjson_obj_size(object);
	yyjson_val **keys = calloc(room + 1, sizeof(*keys));
	yyjson_obj_iter members = yyjson_obj_iter_with(object);
	bool differ = true;

	if (keys == NULL)
		abort();
	while (n < room)
		keys[n++] = yyjson_obj_iter_next(&members);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n && differ; i++) {
		differ = compare_keys(&keys[i - 1], &keys[i]) != 0;
		if (!differ)
			mistake_add(mistakes, json_file_at(file, keys[i]), "%s stands twice",
				MISTAKE_TEXT(json_file_text(keys[i])));
	}
	free(keys);
	return differ;
}

/* Values of a document lie one after the other, so that nothing is nested here. */
static bool all_keys_differ(const struct json_file *file, struct mistakes *mistakes)
{
	yyjson_val *value = yyjson_doc_get_root(file->doc);
	size_t n = yyjson_doc_get_val_count(file->doc);

	for (size_t i = 0; i < n; i++) {
		if (yyjson_is_obj(value + i) && !keys_differ(file, value + i, mistakes))
			return false;
	}
	return true;
}

static bool parse(struct json_file *file, struct mistakes *mistakes)
{
	yyjson_read_err error;

	file->doc = yyjson_read_opts(file->bytes, file->len, YYJSON_READ_INSITU, NULL, &error);
	if (file->doc != NULL)
		return all_keys_differ(file, mistakes);
	mistake_add(mistakes, pos_of(file->text, error.pos < file->len ? error.pos : file->len),
		"no JSON: %s", error.msg);
	return false;
}

struct json_file *json_file_read(struct slice text, struct mistakes *mistakes)
{
	if (text.len > JSON_FILE_MAX) {
		mistake_add(mistakes, (struct pos){0}, "%zu bytes, at most %d are read",
			text.len, JSON_FILE_MAX);
		return NULL;
	}
	struct json_file *file = calloc(1, sizeof(*file));

	if (file == NULL || (file->bytes = calloc(1, text.len + YYJSON_PADDING_SIZE)) == NULL)
		abort();
	if (text.len > 0)
		memcpy(file->bytes, text.ptr, text.len);
	file->text = text.ptr;
	file->len = text.len;
	if (parse(file, mistakes))
		return file;
	json_file_free(file);
	return NULL;
}

void json_file_free(struct json_file *file)
{
	if (file == NULL)
		return;
	yyjson_doc_free(file->doc);
	free(file->bytes);
	free(file);
}

yyjson_val *json_file_root(const struct json_file *file)
{
	return yyjson_doc_get_root(file->doc);
}
