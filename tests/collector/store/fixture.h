/*
 * fixture - a store in a temporary folder, batches for it, and reading it back
 *
 * A record's text says where it belongs: "agency/host/lane/epoch/sequence".
 */
#ifndef TESTS_COLLECTOR_STORE_FIXTURE_H
#define TESTS_COLLECTOR_STORE_FIXTURE_H

#include <limits.h>
#include <pthread.h>

#include "collector/record/encode.h"
#include "collector/store/store.h"
#include "tests/support/check.h"

struct fixture {
	char dir[PATH_MAX];
	struct store_settings settings;
	struct store *store; /* NULL when closed */
	struct store_recovery recovery;

	pthread_mutex_t lock;
	pthread_cond_t came_home;
	struct batch *home; /* batches that came home, last first */
	unsigned n_out;     /* submitted and not home yet */
};

/* A new folder; the store is not open yet. */
void fixture_init(struct fixture *fixture);
void fixture_done(struct fixture *fixture); /* closes, removes the folder */
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);

struct stream fixture_stream(uint32_t host, uint64_t epoch);

/* A batch of sequences first..first+count-1; `level` of all, or 0: changing with the sequence.
 */
struct batch *fixture_batch(struct fixture *fixture, struct stream stream, uint64_t first,
	uint32_t count, uint8_t level);
struct batch *fixture_gap(
	struct fixture *fixture, struct stream stream, uint64_t first, uint32_t count);
void fixture_free(struct batch *batch);

/* Those that came home and that nobody took with fixture_submit(). */
void fixture_free_home(struct fixture *fixture);

/* Submits and waits for it to come home; nothing else may be on the way. */
enum batch_outcome fixture_submit(struct fixture *fixture, struct batch *batch);
void fixture_send(struct fixture *fixture, struct batch *batch);
void fixture_wait(struct fixture *fixture);

/* Shorthand: submits records, frees the batch, returns the outcome. */
enum batch_outcome fixture_store(struct fixture *fixture, struct stream stream, uint64_t first,
	uint32_t count, uint8_t level);

/* What reading found. */
struct seen {
	uint64_t n_records, n_gaps, n_lost, n_commits, n_blocks, n_bad_bodies;
	uint64_t lost_of[STORE_CLASSES];
	uint64_t position;
	/* Each record once: text of body and numbers agree, none twice. */
	char **texts;
	size_t n_texts;
};

/* Reads all behind `position`; checks order within streams and classes. */
void fixture_read(struct fixture *fixture, uint64_t position, struct seen *seen);
void fixture_read_dir(const char *dir, uint64_t position, struct seen *seen);
void fixture_read_on(struct store_reader *reader, struct seen *seen);
void seen_done(struct seen *seen);

/* How often the record was seen. */
unsigned seen_count(const struct seen *seen, struct stream stream, uint64_t sequence);

/* The only file in DIR/class-N that ends so, the newest by name when there are several. */
bool fixture_file(
	const struct fixture *fixture, uint8_t class, const char *ending, char path[PATH_MAX]);

#endif
