#include "tests/collector/store/fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

enum { TEXT_MAX = 120 };

static const struct record_source sources[] = {
	{SLICE_LIT("file"), SLICE_LIT("/var/log/auth.log"), SLICE_LIT("")},
	{SLICE_LIT("journal"), SLICE_LIT("nginx.service"), SLICE_LIT("nginx")},
};

void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){
		.settings =
			{
				.segment_size = 64 << 20,
				.segment_age_ms = 3600 * 1000,
				.commit_ms = 1,
				.commit_bytes = 1 << 20,
				.warn_percent = 100,
			},
	};
	snprintf(fixture->dir, sizeof(fixture->dir), "%s/soc-store-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(fixture->dir));
	fixture->settings.dir = fixture->dir;
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_cond_init(&fixture->came_home, NULL);
}

static void remove_tree(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *open = opendir(dir);

	while (open != NULL && (entry = readdir(open)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (unlink(path) != 0)
			remove_tree(path);
	}
	if (open != NULL)
		closedir(open);
	(void)rmdir(dir);
}

void fixture_done(struct fixture *fixture)
{
	fixture_close(fixture);
	fixture_free_home(fixture);
	remove_tree(fixture->dir);
	pthread_cond_destroy(&fixture->came_home);
	pthread_mutex_destroy(&fixture->lock);
}

void fixture_free_home(struct fixture *fixture)
{
	for (struct batch *batch; (batch = fixture->home) != NULL;) {
		fixture->home = batch->next;
		fixture_free(batch);
	}
}

void fixture_open(struct fixture *fixture)
{
	struct err err = {0};

	fixture->store = store_open(&fixture->settings, &fixture->recovery, &err);
	ck_assert_msg(fixture->store != NULL, "%s", err.text);
}

void fixture_close(struct fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
}

void fixture_reopen(struct fixture *fixture)
{
	fixture_close(fixture);
	fixture_open(fixture);
}

struct stream fixture_stream(uint32_t host, uint64_t epoch)
{
	return (struct stream){.agency = 7, .host = host, .lane = 1, .epoch = epoch};
}

static int write_text(char text[TEXT_MAX], const struct stream *stream, uint64_t sequence)
{
	return snprintf(text, TEXT_MAX, "%u/%u/%u/%" PRIu64 "/%" PRIu64, stream->agency,
		stream->host, stream->lane, stream->epoch, sequence);
}

static void on_home(struct batch *batch)
{
	struct fixture *fixture = batch->home;

	pthread_mutex_lock(&fixture->lock);
	batch->next = fixture->home;
	fixture->home = batch;
	fixture->n_out--;
	pthread_cond_signal(&fixture->came_home);
	pthread_mutex_unlock(&fixture->lock);
}

static struct batch *new_batch(
	struct fixture *fixture, struct stream stream, uint64_t first, uint32_t count)
{
	struct batch *batch = malloc(sizeof(*batch));

	ck_assert_ptr_nonnull(batch);
	batch_init(batch);
	batch->stream = stream;
	batch->first = first;
	batch->count = count;
	batch->send_home = on_home;
	batch->home = fixture;
	return batch;
}

static struct record make_record(struct batch *batch, uint64_t sequence, uint8_t level)
{
	char text[TEXT_MAX];
	int len = write_text(text, &batch->stream, sequence);
	struct record record = {
		.raw = arena_copy(&batch->arena, slice_of(text, (size_t)len)),
		.received_ns = clock_wall_ns(),
		.created_ns = 1700000000000000000 + (int64_t)sequence,
		.read_ns = CLOCK_NONE,
		.sequence = sequence,
		.whole = (uint64_t)len,
		.source = &sources[sequence % ARRAY_LEN(sources)],
		.agency = batch->stream.agency,
		.host = batch->stream.host,
		.level = level ? level : (uint8_t)(1 + sequence % STORE_CLASSES),
		.kind = RECORD_LOG,
	};

	ck_assert(record_add(&record, &batch->arena, FIELD_MESSAGE, record.raw));
	return record;
}

struct batch *fixture_batch(struct fixture *fixture, struct stream stream, uint64_t first,
	uint32_t count, uint8_t level)
{
	struct batch *batch = new_batch(fixture, stream, first, count);

	batch->records = arena_alloc(&batch->arena, count * sizeof(*batch->records));
	ck_assert_ptr_nonnull(batch->records);
	batch->n_records = count;
	batch->sources = sources;
	batch->n_sources = ARRAY_LEN(sources);
	batch->crc = (uint32_t)(first * 31 + count);
	for (uint32_t i = 0; i < count; i++)
		batch->records[i] = make_record(batch, first + i, level);
	ck_assert(encode_batch(batch));
	return batch;
}

struct batch *fixture_gap(
	struct fixture *fixture, struct stream stream, uint64_t first, uint32_t count)
{
	struct batch *batch = new_batch(fixture, stream, first, count);

	batch->gap = (struct batch_gap){
		.reason = 1, .bytes = count * 100u, .source = SLICE_LIT("/var/log/syslog")};
	return batch;
}

void fixture_free(struct batch *batch)
{
	batch_done(batch);
	free(batch);
}

void fixture_send(struct fixture *fixture, struct batch *batch)
{
	pthread_mutex_lock(&fixture->lock);
	fixture->n_out++;
	pthread_mutex_unlock(&fixture->lock);
	store_submit(fixture->store, batch);
}

void fixture_wait(struct fixture *fixture)
{
	pthread_mutex_lock(&fixture->lock);
	while (fixture->n_out > 0)
		pthread_cond_wait(&fixture->came_home, &fixture->lock);
	pthread_mutex_unlock(&fixture->lock);
}

enum batch_outcome fixture_submit(struct fixture *fixture, struct batch *batch)
{
	fixture_send(fixture, batch);
	fixture_wait(fixture);
	fixture->home = NULL;
	return batch->outcome;
}

enum batch_outcome fixture_store(struct fixture *fixture, struct stream stream, uint64_t first,
	uint32_t count, uint8_t level)
{
	struct batch *batch = fixture_batch(fixture, stream, first, count, level);
	enum batch_outcome outcome = fixture_submit(fixture, batch);

	fixture_free(batch);
	return outcome;
}

/* ---- reading back --------------------------------------------------------- */

static void see_record(struct store_reader *reader, const struct store_block *block, unsigned i,
	struct seen *seen)
{
	const struct columns *columns = &block->columns[i];
	const struct stream *stream = &block->streams[columns->stream];
	struct slice body = store_reader_body(reader, i);
	struct arena arena;
	struct record record;
	char text[TEXT_MAX];
	int len = write_text(text, stream, columns->sequence);

	seen->n_records++;
	ck_assert_uint_lt(columns->stream, block->n_streams);
	ck_assert_slice_eq(block->sources[columns->source].input,
		sources[columns->sequence % ARRAY_LEN(sources)].input);
	ck_assert_int_eq(columns->created_ns, 1700000000000000000 + (int64_t)columns->sequence);
	if (slice_absent(body)) {
		seen->n_bad_bodies++;
	} else {
		arena_init(&arena, 1 << 20);
		ck_assert(decode_record(body, columns, &arena, &record));
		ck_assert_slice_eq(record.raw, slice_of(text, (size_t)len));
		ck_assert_uint_eq(record.level, block->class);
		arena_done(&arena);
	}
	if ((seen->n_texts & (seen->n_texts - 1)) == 0) {
		size_t room = seen->n_texts ? seen->n_texts * 2 : 64;

		seen->texts = realloc(seen->texts, room * sizeof(*seen->texts));
		ck_assert_ptr_nonnull(seen->texts);
		if (seen->n_texts == 0)
			seen->n_texts = 0;
	}
	seen->texts[seen->n_texts++] = strdup(text);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void see_block(
	struct store_reader *reader, const struct store_block *block, struct seen *seen)
{
	seen->n_blocks++;
	seen->n_gaps += block->n_gaps;
	for (unsigned i = 0; i < block->n_records; i++) {
		/* Within a commit and a class, a stream's records are in order. */
		for (unsigned j = i > 4 ? i - 4 : 0; j < i; j++)
			ck_assert(block->columns[j].stream != block->columns[i].stream ||
				  block->columns[j].sequence < block->columns[i].sequence);
		see_record(reader, block, i, seen);
	}
}

void fixture_read_on(struct store_reader *reader, struct seen *seen)
{
	struct store_block block;
	struct err err = {0};
	enum store_read status;

	while ((status = store_reader_next(reader, &block, &err)) != STORE_END) {
		ck_assert_msg(status != STORE_READ_FAILED, "%s", err.text);
		ck_assert_uint_gt(block.commit, seen->position);
		switch (status) {
		case STORE_BLOCK:
			see_block(reader, &block, seen);
			break;
		case STORE_LOST:
			seen->n_lost += block.n_records;
			seen->lost_of[block.class - 1] += block.n_records;
			break;
		case STORE_COMMIT:
			seen->n_commits++;
			seen->position = block.commit;
			break;
		case STORE_END:
		case STORE_READ_FAILED:
			break;
		}
	}
}

static void finish(struct store_reader *reader, struct seen *seen, struct err *err)
{
	ck_assert_msg(reader != NULL, "%s", err->text);
	fixture_read_on(reader, seen);
	store_reader_close(reader);
	if (seen->n_texts > 0)
		qsort(seen->texts, seen->n_texts, sizeof(*seen->texts), by_text);
	for (size_t i = 1; i < seen->n_texts; i++)
		ck_assert_msg(strcmp(seen->texts[i - 1], seen->texts[i]) != 0, "%s twice",
			seen->texts[i]);
}

void fixture_read(struct fixture *fixture, uint64_t position, struct seen *seen)
{
	struct err err = {0};

	*seen = (struct seen){.position = position};
	finish(store_reader_open(fixture->store, position, &err), seen, &err);
}

void fixture_read_dir(const char *dir, uint64_t position, struct seen *seen)
{
	struct err err = {0};

	*seen = (struct seen){.position = position};
	finish(store_reader_open_dir(dir, position, &err), seen, &err);
}

void seen_done(struct seen *seen)
{
	for (size_t i = 0; i < seen->n_texts; i++)
		free(seen->texts[i]);
	free(seen->texts);
	*seen = (struct seen){0};
}

unsigned seen_count(const struct seen *seen, struct stream stream, uint64_t sequence)
{
	char text[TEXT_MAX], *key = text;

	write_text(text, &stream, sequence);
	return seen->n_texts > 0 &&
	       bsearch(&key, seen->texts, seen->n_texts, sizeof(key), by_text) != NULL;
}

bool fixture_file(
	const struct fixture *fixture, uint8_t class, const char *ending, char path[PATH_MAX])
{
	char dir[PATH_MAX];
	struct dirent *entry;
	char newest[NAME_MAX + 1] = "";

	snprintf(dir, sizeof(dir), "%.*s/class-%u", PATH_MAX - 32, fixture->dir, class);
	DIR *open = opendir(dir);
	ck_assert_ptr_nonnull(open);
	while ((entry = readdir(open)) != NULL) {
		if (slice_ends(slice_str(entry->d_name), slice_str(ending)) &&
			strcmp(entry->d_name, newest) > 0)
			snprintf(newest, sizeof(newest), "%s", entry->d_name);
	}
	closedir(open);
	snprintf(path, PATH_MAX, "%.*s/%s", PATH_MAX - NAME_MAX - 2, dir, newest);
	return newest[0] != '\0';
}
