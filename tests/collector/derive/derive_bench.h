/*
 * derive_bench - derive beside a store of a folder of its own, publishing all the time
 *
 * One in a program; for its main thread. Nothing fails but by a failed check.
 */
#ifndef TESTS_COLLECTOR_DERIVE_BENCH_H
#define TESTS_COLLECTOR_DERIVE_BENCH_H

#include <pthread.h>

#include "collector/derive/derive.h"
#include "collector/derive/statistics.h"
#include "tests/collector/store/fixture.h"

enum { AGENCY = 7 };

struct derive_bench {
	struct fixture fixture;
	struct derive_settings settings;
	char derive_dir[PATH_MAX + 16];

	/* What the newest publish saw, for the thread of the test; under the lock. */
	struct {
		pthread_mutex_t lock;
		pthread_cond_t changed;
		uint64_t position;
		struct window window; /* to look at */
		struct strbuf text;
		unsigned n_due;
	} published;
};

extern struct derive_bench bench;

typedef void (*record_change)(struct record *record, struct batch *batch, unsigned i);

/* What bench_start() starts it with. */
extern const struct derive_callbacks bench_callbacks;

/* Sigma rules in force; NULL = none. */
extern struct detector *bench_detector;

void bench_begin(void);
void bench_end(struct derive *derive);
struct derive *bench_start(void);

/* Until everything stored so far was read and looked at. */
void bench_wait_until_read(void);
void bench_wait_for_publish(void);

/* derive.db aside, and back; derive stands still meanwhile. */
void bench_save_database(void);
void bench_restore_database(void);

/* derive.db as kill -9 leaves it: what it is now is there at the next start. */
struct derive *bench_kill_and_start(struct derive *derive);

/* The first number a statement gives, over a connection of the test's own. */
int64_t bench_sql(const char *sql);

/* Records of a host, changed by `change` before they are encoded again. */
void bench_store(
	uint32_t host, uint64_t first, uint32_t n, uint8_t level, record_change change);

/* Changes: */
void scan(struct record *record, struct batch *batch, unsigned i);
void clock_of_2036(struct record *record, struct batch *batch, unsigned i);

/* What was published last is what a recount tells. */
void bench_check_recount(void);

/* ... and it is this text, once all is read. */
void bench_check_text(const char *want);

#endif
