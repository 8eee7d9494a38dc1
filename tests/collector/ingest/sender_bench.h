/*
 * sender_bench - a collector's ingest and store, and senders on 127.0.0.0/8
 *
 *	begin();
 *	int fd = dial(TCP, "127.0.0.1");
 *	put(fd, "<13>one\n");
 *	await_records(AGENCY, 1, 1);
 *	end();
 */
#ifndef TESTS_COLLECTOR_INGEST_SENDER_BENCH_H
#define TESTS_COLLECTOR_INGEST_SENDER_BENCH_H

#include <stdatomic.h>

#include "collector/ingest/ingest.h"
#include "common/clock.h"
#include "tests/collector/store/fixture.h"

enum {
	AGENCY = 7,
	OTHER_AGENCY = 8,
	TOKEN_AGENCY = 9, /* of who has the token "secret", from 127.0.0.0/8 */
	UNKNOWN_AGENCY = 99,
	UDP = 0,
	TCP = 1,
	BEATS = 2,
	TLS = 3, /* at most TLS_HANDSHAKES unfinished ones */
	TLS_HANDSHAKES = 3,
	HTTP = 4,
	EXPORTS = 5, /* NetFlow */
	LISTENERS = 6,
	SENDERS = 4,
	PATIENCE_MS = 30000,
};

extern struct ingest_settings settings;
extern struct ingest *ingest;
extern struct fixture fixture;
extern struct written_listener listeners[LISTENERS];
extern struct written_sender senders[SENDERS];
extern atomic_uint n_strangers; /* told of */
extern atomic_uint n_zoned;     /* records of senders with a zone */
extern atomic_int to_refuse;    /* the store refuses so many batches */
extern atomic_bool holding;     /* batches stay under way */

void begin(void);
void stop(void); /* the collector; what is stored can be looked at */
void end(void);

bool something_is_held(void);
void release(void); /* what is held goes to the store */
pthread_t release_soon(void);

/* A connection, or datagrams, from that address. */
int dial(unsigned listener, const char *from);
void put(int fd, const char *text);
bool is_closed(int fd); /* by the other end */

struct stream_position position_of(uint32_t agency, uint32_t host);
void await_records(uint32_t agency, uint32_t host, uint64_t n);

/* Of the stream: how many, and those of records look so. */
unsigned check_stored(uint32_t agency, uint32_t host, const char *input);

#endif
