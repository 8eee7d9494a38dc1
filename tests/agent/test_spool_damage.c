/*
 * Every byte of a small spool is turned over in turn, one bit of it and all of it: what comes
 * out are the chunks that went in, at their sequences, or a gap of exactly the sequences of
 * the chunk that was hit; and the spool goes on.
 */
#include <dirent.h>

#include "agent/spool.h"
#include "common/crc32c.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"

enum { FILES_MAX = 8, BYTES_MAX = 1 << 16, CHUNKS = 9, SEGMENT = 700 };

struct kept_file {
	char name[64]; /* below the folder */
	size_t size;
	char bytes[BYTES_MAX];
};

static struct folder folder;
static const struct spool_settings settings = {
	.urgent_size = 1 << 20, .bulk_size = 1 << 20, .segment_size = SEGMENT};
static struct bookmark_lane lanes[LANE_COUNT]; /* as the bookmark has them */
static struct kept_file files[FILES_MAX];
static unsigned n_files;
static unsigned hit_chunks; /* of all damages together */

static uint32_t count_of(unsigned chunk)
{
	return 1 + chunk % 4;
}

static struct slice text_of(unsigned chunk)
{
	static char text[512];
	size_t size = 40 + (size_t)chunk * 37 % 200;

	memset(text, 'a' + (int)chunk, size);
	return slice_of(text, size);
}

static struct spool *open_spool(void)
{
	struct spool_report report[LANE_COUNT];
	struct err err;
	struct spool *spool =
		spool_open(folder_path(&folder, "spool"), &settings, lanes, report, &err);

	ck_assert_msg(spool != NULL, "%s", err.text);
	return spool;
}

static void add(struct spool *spool, struct slice text, uint32_t count)
{
	struct err err;

	ck_assert_int_eq(spool_add_chunk(spool, LANE_BULK, text, count, &err), SPOOL_OK);
}

static void keep_file(const char *name)
{
	struct strbuf content = STRBUF_INIT(BYTES_MAX);
	struct kept_file *file = &files[n_files++];
	struct err err;

	ck_assert_uint_le(n_files, FILES_MAX);
	ck_assert(file_read(folder_path(&folder, name), &content, &err));
	snprintf(file->name, sizeof(file->name), "%.63s", name);
	file->size = strbuf_slice(&content).len;
	memcpy(file->bytes, strbuf_slice(&content).ptr, file->size);
	strbuf_done(&content);
}

static DIR *open_lane(void)
{
	DIR *dir = opendir(folder_path(&folder, "spool/bulk"));

	ck_assert_ptr_nonnull(dir);
	return dir;
}

static void keep_files(void)
{
	DIR *dir = open_lane();

	n_files = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char name[64];

		snprintf(name, sizeof(name), "spool/bulk/%.40s", entry->d_name);
		if (entry->d_name[0] != '.')
			keep_file(name);
	}
	closedir(dir);
}

static void put_back(const struct kept_file *file)
{
	char name[sizeof(file->name)];

	memcpy(name, file->name, sizeof(name));
	folder_write_at(&folder, name, slice_of(file->bytes, file->size), 0);
}

static void put_files_back(void)
{
	DIR *dir = open_lane();

	for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	for (unsigned i = 0; i < n_files; i++)
		put_back(&files[i]);
}

/* In memory where that is possible: each of thousands of starts syncs. */
static void make_folder(void)
{
	snprintf(folder.path, sizeof(folder.path), "/dev/shm/soc-test-XXXXXX");
	if (mkdtemp(folder.path) == NULL)
		folder_make(&folder);
}

static void make_spool(void)
{
	make_folder();
	memset(lanes, 0, sizeof(lanes));

	struct spool *spool = open_spool();
	for (unsigned i = 0; i < CHUNKS; i++)
		add(spool, text_of(i), count_of(i));
	for (unsigned i = 0; i < LANE_COUNT; i++)
		spool_lane(spool, (enum frame_lane)i, &lanes[i]);
	spool_close(spool);
	keep_files();
	hit_chunks = 0;
}

static bool next_is_chunk(struct spool *spool, uint64_t first, struct slice text,
	uint32_t count, struct spool_entry *entry)
{
	struct err err;

	ck_assert_int_eq(spool_next(spool, LANE_BULK, entry, &err), SPOOL_ENTRY);
	ck_assert_uint_eq(entry->first, first);
	if (entry->gap)
		return false;
	ck_assert_uint_eq(entry->count, count);
	ck_assert_slice_eq(entry->chunk, text);
	ck_assert_uint_eq(entry->crc, crc32c(0, text.ptr, text.len));
	return true;
}

/* Chunks and gaps follow each other without hole or overlap; at most one chunk was hit. */
static void check_spool(unsigned hits_most)
{
	struct spool *spool = open_spool();
	struct spool_entry entry;
	uint64_t first = 1;
	unsigned hits = 0;

	add(spool, SLICE_LIT("and on"), 2);
	for (unsigned i = 0; i < CHUNKS; first += count_of(i++)) {
		if (next_is_chunk(spool, first, text_of(i), count_of(i), &entry))
			continue;
		ck_assert_int_eq(entry.reason, GAP_DAMAGED);
		ck_assert_uint_eq(entry.count, count_of(i));
		hits++;
	}
	ck_assert_uint_le(hits, hits_most);
	ck_assert(next_is_chunk(spool, first, SLICE_LIT("and on"), 2, &entry));
	hit_chunks += hits;
	spool_close(spool);
}

static void flip_every_byte(struct kept_file *file, char mask)
{
	unsigned hits_most = strstr(file->name, "state") != NULL ? 0 : 1;

	for (size_t at = 0; at < file->size; at++) {
		if (hits_most == 0 && at % 4096 >= 128)
			continue; /* its two slots have no more */
		file->bytes[at] ^= mask;
		put_files_back();
		file->bytes[at] ^= mask;
		check_spool(hits_most);
	}
}

START_TEST(every_flipped_byte_costs_one_chunk_at_most_and_is_declared)
{
	make_spool();
	ck_assert_uint_gt(n_files, 3); /* segments and their state */
	for (unsigned i = 0; i < n_files; i++) {
		flip_every_byte(&files[i], 1);
		flip_every_byte(&files[i], (char)0xff);
	}
	ck_assert_uint_gt(hit_chunks, CHUNKS * 40 * 2);
	folder_remove(&folder);
}
END_TEST

TEST_MAIN("spool_damage", every_flipped_byte_costs_one_chunk_at_most_and_is_declared)
