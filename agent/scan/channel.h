/*
 * channel - messages, and descriptors with them, between the scan and its workers
 *
 * Over a stream socket pair:
 *
 *	message := u32 size of body, little-endian · u8 type · body
 *
 * A message of type MESSAGE_FILE carries one descriptor (SCM_RIGHTS). Bodies are
 * varints and texts (varint length, bytes), written and read beside their meaning.
 * Blocking and non-blocking sockets both do. One thread.
 */
#ifndef AGENT_SCAN_CHANNEL_H
#define AGENT_SCAN_CHANNEL_H

#include "common/strbuf.h"
#include "common/varint.h"

enum {
	CHANNEL_HEAD = 5,
	CHANNEL_FDS_MAX = 64, /* descriptors received and not yet taken */
	CHANNEL_TO_WORKER_MAX = 64 << 20,
	CHANNEL_FROM_WORKER_MAX = 2 << 20,
};

enum message_type {
	/* to the worker */
	MESSAGE_START = 1, /* limits */
	MESSAGE_RULES,     /* one source file */
	MESSAGE_COMPILE,   /* all sources were sent */
	MESSAGE_FILE,      /* scan this descriptor */
	/* from the worker */
	MESSAGE_COMPILING, /* which source it looks at now */
	MESSAGE_READY,     /* compiled, or not */
	MESSAGE_RESULT,    /* of one file */
};

struct channel_message {
	uint8_t type;
	struct slice body; /* until the next channel_fill() */
};

enum channel_status {
	CHANNEL_OK,
	CHANNEL_WAIT,   /* nothing (more) there now */
	CHANNEL_CLOSED, /* the other side is gone */
	CHANNEL_BROKEN, /* a message above the limit, or a failing socket */
};

struct channel {
	int fd;
	size_t body_max; /* bytes of a message that is received */
	bool takes_fds;
	struct strbuf in;
	size_t at; /* messages before it were given out */
	int fds[CHANNEL_FDS_MAX];
	unsigned n_fds;
};

/* Takes `fd` over. */
void channel_init(struct channel *channel, int fd, size_t body_max, bool takes_fds);
void channel_done(struct channel *channel);

/* Writes all, waiting for room (at most SO_SNDTIMEO); `fd` -1 = none. False leaves errno. */
MUST_USE bool channel_send(
	struct channel *channel, enum message_type type, struct slice body, int fd);

/* One recvmsg(). */
MUST_USE enum channel_status channel_fill(struct channel *channel);

/* A whole message out of what was received; CHANNEL_WAIT when there is none. */
MUST_USE enum channel_status channel_next(
	struct channel *channel, struct channel_message *message);

/* The oldest descriptor received, the caller's to close; -1 when there is none. */
int channel_take_fd(struct channel *channel);

/* Bodies. */
void body_put_number(struct strbuf *body, uint64_t value);
void body_put_text(struct strbuf *body, struct slice text);
struct slice body_read_text(struct varint_reader *reader, uint64_t max);

#endif
