#include "collector/detect/indicators/reader.h"

static const struct indicator_reader *const readers[] = {
	&reader_warning_list,
	&reader_misp,
	&reader_stix,
	&reader_misp_hashes,
	&reader_maltrail,
	&reader_csv,
	&reader_plain,
};

const struct indicator_reader *reader_find(struct slice name, const struct feed *feed)
{
	bool any = slice_eq(name, SLICE_LIT("auto"));

	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		if (any ? readers[i]->is_mine(feed)
			: slice_eq(name, slice_str(readers[i]->name)))
			return readers[i];
	}
	return NULL;
}

void reader_names(struct strbuf *out)
{
	strbuf_add_str(out, "auto");
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		strbuf_addf(out, " %s", readers[i]->name);
}

struct slice feed_text(yyjson_val *object, const char *key)
{
	yyjson_val *value = yyjson_obj_get(object, key);

	return yyjson_is_str(value) ? slice_of(yyjson_get_str(value), yyjson_get_len(value))
				    : SLICE_NONE;
}

static size_t last_slash(struct slice path)
{
	for (size_t i = path.len; i-- > 0;) {
		if (path.ptr[i] == '/')
			return i;
	}
	return path.len;
}

struct slice feed_stem(struct slice path)
{
	size_t slash = last_slash(path);
	struct slice name = slash < path.len ? slice_from(path, slash + 1) : path;

	for (size_t i = name.len; i-- > 1;) {
		if (name.ptr[i] == '.')
			return slice_head(name, i);
	}
	return name;
}

struct slice feed_folder(struct slice path, unsigned up)
{
	for (; up > 0; up--) {
		size_t slash = last_slash(path);

		if (slash == path.len)
			return SLICE_LIT("");
		path = slice_head(path, slash);
	}
	return last_slash(path) < path.len ? slice_from(path, last_slash(path) + 1) : path;
}
