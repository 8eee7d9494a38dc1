/*
 * uplink_bench - an uplink on a spool of its own, before a collector that does as it is told
 *
 * Nothing fails but by a failed check.
 */
#ifndef TESTS_AGENT_UPLINK_BENCH_H
#define TESTS_AGENT_UPLINK_BENCH_H

#include <event2/event.h>

#include "agent/intake.h"
#include "agent/uplink.h"
#include "common/clock.h"
#include "tests/support/certs.h"
#include "tests/support/check.h"
#include "tests/support/fake_collector.h"
#include "tests/support/folder.h"

enum { PATIENCE_MS = 20000 };

struct bench {
	struct folder folder;
	struct test_ca ca;
	struct event_base *base;
	SSL_CTX *server, *client;
	struct fake_collector fake;
	struct spool_settings spool_settings;
	struct bookmark_lane lanes[LANE_COUNT];
	struct bookmark *bookmark;
	struct spool *spool;
	struct intake *intake;
	char address[64];
	const char *addresses[2];
	struct uplink_settings settings;
	struct uplink *uplink;
	unsigned n_epochs, n_orders, n_closed;
	unsigned disk_is_full; /* so many times yet */
	unsigned lines;        /* written so far */
	struct err err;
};

#define run_until(bench, condition)                                                            \
	do {                                                                                   \
		int64_t end_ms_ = clock_mono_ms() + PATIENCE_MS;                               \
		while (!(condition) && clock_mono_ms() < end_ms_)                              \
			event_base_loop((bench)->base, EVLOOP_ONCE);                           \
		ck_assert_msg((condition), "waited in vain for %s", #condition);               \
	} while (0)

void bench_init(struct bench *bench);
void bench_done(struct bench *bench);

/* Closed and opened, the spool has what it had: a restart of the agent. */
void open_spool(struct bench *bench);
void close_spool(struct bench *bench);
void open_uplink(struct bench *bench);
void close_uplink(struct bench *bench);

void add_text(struct bench *bench, enum frame_lane lane, struct slice text);

/* n chunks of 10 numbered lines. */
void add_chunks(struct bench *bench, unsigned n);

/* The last sequence of the bulk lane that the collector has acknowledged. */
uint64_t acked(const struct bench *bench);

/* Waits for every line: once and in order at the collector. */
void expect_all(struct bench *bench);

#endif
