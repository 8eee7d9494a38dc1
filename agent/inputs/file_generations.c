#include "agent/inputs/file_generations.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "agent/inputs/file_identity.h"

static const struct {
	struct slice suffix;
	enum file_packing packing;
} packings[] = {
	{{SLICE_BYTES(".gz")}, FILE_GZIP},
	{{SLICE_BYTES(".xz")}, FILE_PACKED_OTHERWISE},
	{{SLICE_BYTES(".bz2")}, FILE_PACKED_OTHERWISE},
	{{SLICE_BYTES(".zst")}, FILE_PACKED_OTHERWISE},
	{{SLICE_BYTES(".lz4")}, FILE_PACKED_OTHERWISE},
	{{SLICE_BYTES(".Z")}, FILE_PACKED_OTHERWISE},
};

static struct slice without_packing(struct slice name, enum file_packing *packing)
{
	*packing = FILE_PLAIN;
	for (size_t i = 0; i < ARRAY_LEN(packings); i++) {
		if (slice_ends(name, packings[i].suffix)) {
			*packing = packings[i].packing;
			return slice_head(name, name.len - packings[i].suffix.len);
		}
	}
	return name;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_separator(char byte)
{
	return byte == '.' || byte == '-' || byte == '_';
}

/* ".1", "-20261122", ".2026-11-22T07:00": a separator, then digits and what stands in dates. */
static bool is_stamp(struct slice text)
{
	if (slice_eq(text, SLICE_LIT(".old")))
		return true;
	if (text.len < 2 || !is_separator(text.ptr[0]) || !is_digit(text.ptr[1]))
		return false;
	for (size_t i = 2; i < text.len; i++)
		if (!is_digit(text.ptr[i]) && !is_separator(text.ptr[i]) &&
			text.ptr[i] != ':' && text.ptr[i] != 'T' && text.ptr[i] != 'Z')
			return false;
	return true;
}

/* Where the extension begins; name.len when it has none. */
static size_t extension_at(struct slice name)
{
	for (size_t i = name.len; i > 1; i--)
		if (name.ptr[i - 1] == '.')
			return i - 1;
	return name.len;
}

static bool stamped_before_extension(struct slice base, struct slice name)
{
	size_t dot = extension_at(base);
	struct slice stem = slice_head(base, dot), extension = slice_from(base, dot);

	return extension.len > 0 && name.len > base.len && slice_starts(name, stem) &&
	       slice_ends(name, extension) &&
	       is_stamp(slice_of(name.ptr + stem.len, name.len - base.len));
}

bool file_rotated_name(struct slice base, struct slice name, enum file_packing *packing)
{
	struct slice plain = without_packing(name, packing);

	if (slice_eq(plain, base))
		return *packing != FILE_PLAIN;
	return (slice_starts(plain, base) && is_stamp(slice_from(plain, base.len))) ||
	       stamped_before_extension(base, plain);
}

/* "app.log-2026-11-22" ends with three stamps: the longest one counts. */
static size_t stamp_at(struct slice name)
{
	for (size_t i = 1; i < name.len; i++)
		if (is_stamp(slice_from(name, i)))
			return i;
	return name.len;
}

bool file_unrotated_path(const char *path, char *base, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t dir_len = slash ? (size_t)(slash + 1 - path) : 0;
	enum file_packing packing;
	struct slice name = without_packing(slice_str(path + dir_len), &packing);
	struct slice extension = SLICE_LIT("");
	size_t stem = stamp_at(name);

	if (stem == name.len) {
		size_t dot = extension_at(name);
		extension = slice_from(name, dot);
		stem = stamp_at(slice_head(name, dot));
		if (stem == dot)
			return false;
	}
	int len = snprintf(base, size, "%.*s%.*s%.*s", (int)dir_len, path, (int)stem, name.ptr,
		SLICE_FMT(extension));
	return len >= 0 && (size_t)len < size;
}

bool file_is_packed(const char *path)
{
	enum file_packing packing;

	(void)without_packing(slice_str(path), &packing);
	return packing != FILE_PLAIN;
}

/* ".1" to ".999": counted, the higher the older; longer numbers are dates. */
static bool is_numbered(const char *path)
{
	size_t len = strlen(path), digits = 0;

	while (digits < len && is_digit(path[len - 1 - digits]))
		digits++;
	return digits >= 1 && digits <= 3;
}

/* Files written within one tick of the clock are told apart by their names. */
static int by_age(const void *a, const void *b)
{
	const struct file_generation *x = a, *y = b;

	if (x->modified_ns != y->modified_ns)
		return x->modified_ns < y->modified_ns ? -1 : 1;
	if (!is_numbered(x->path) || !is_numbered(y->path))
		return strcmp(x->path, y->path);
	size_t x_len = strlen(x->path), y_len = strlen(y->path);
	return x_len != y_len ? (x_len > y_len ? -1 : 1) : strcmp(y->path, x->path);
}

/* False when it is not there, or no regular file. */
static bool look_at(const char *path, enum file_packing packing, struct file_generation *item)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	*item = (struct file_generation){.path = strdup(path),
		.device = st.st_dev,
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.modified_ns = file_modified_ns(&st),
		.packing = packing};
	if (item->path == NULL)
		abort();
	return true;
}

static void add(struct file_generations *found, const struct file_generation *item)
{
	struct file_generation *items =
		realloc(found->items, (found->n + 1) * sizeof(*found->items));

	if (items == NULL)
		abort();
	items[found->n++] = *item;
	found->items = items;
}

static void sort(struct file_generations *found, int (*order)(const void *a, const void *b))
{
	if (found->n > 0)
		qsort(found->items, found->n, sizeof(*found->items), order);
}

static bool is_one_file(const struct file_generation *a, const struct file_generation *b)
{
	return a->inode == b->inode && a->device == b->device;
}

static int by_inode(const void *a, const void *b)
{
	const struct file_generation *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* `last`: what the path itself names, or NULL. */
static void drop_second_names(
	struct file_generations *found, const struct file_generation *last)
{
	size_t kept = 0;

	sort(found, by_inode);
	for (size_t i = 0; i < found->n; i++) {
		struct file_generation item = found->items[i];

		if ((last != NULL && is_one_file(&item, last)) ||
			(kept > 0 && is_one_file(&item, &found->items[kept - 1])))
			free(item.path);
		else
			found->items[kept++] = item;
	}
	found->n = kept;
}

static int by_path(const void *a, const void *b)
{
	const struct file_generation *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* Is the file that `packed` is made from among the first `n`, in order of their paths? */
static bool plain_one_exists(
	const struct file_generations *found, size_t n, struct file_generation *packed)
{
	char *dot = strrchr(packed->path, '.');

	*dot = '\0';
	bool exists = n > 0 && bsearch(packed, found->items, n, sizeof(*packed), by_path);
	*dot = '.';
	return exists;
}

static void drop_unfinished_packing(struct file_generations *found)
{
	size_t kept = 0;

	sort(found, by_path);
	for (size_t i = 0; i < found->n; i++) {
		struct file_generation item = found->items[i];

		if (item.packing != FILE_PLAIN && plain_one_exists(found, kept, &item))
			free(item.path);
		else
			found->items[kept++] = item;
	}
	found->n = kept;
}

static void find_rotated(
	const char *dir, size_t dir_len, struct slice base, struct file_generations *found)
{
	DIR *folder = opendir(dir_len > 0 ? dir : ".");
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		char path[PATH_MAX];
		enum file_packing packing;
		struct file_generation item;

		if (!file_rotated_name(base, slice_str(entry->d_name), &packing) ||
			snprintf(path, sizeof(path), "%.*s%s", (int)dir_len, dir,
				entry->d_name) >= (int)sizeof(path))
			continue;
		if (look_at(path, packing, &item))
			add(found, &item);
	}
	if (folder != NULL)
		closedir(folder);
}

/* The path is looked at first: reading the folder waits for whoever changes it at that moment,
 * so the kernel has told of what the path names when this returns. */
void file_generations_find(const char *path, struct file_generations *found)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t dir_len = (size_t)(base - path);
	struct file_generation last;

	*found = (struct file_generations){0};
	if (dir_len >= sizeof(dir))
		return;
	memcpy(dir, path, dir_len);
	dir[dir_len] = '\0';
	bool there = look_at(path, FILE_PLAIN, &last);
	find_rotated(dir, dir_len, slice_str(base), found);
	drop_second_names(found, there ? &last : NULL);
	drop_unfinished_packing(found);
	sort(found, by_age);
	if (there)
		add(found, &last);
}

bool file_generations_same(const struct file_generations *a, const struct file_generations *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!is_one_file(&a->items[i], &b->items[i]) ||
			strcmp(a->items[i].path, b->items[i].path) != 0)
			return false;
	return true;
}

void file_generations_done(struct file_generations *found)
{
	for (size_t i = 0; i < found->n; i++)
		free(found->items[i].path);
	free(found->items);
	*found = (struct file_generations){0};
}
