/* sender_session_inner - what a connection and its protocol share; private to sender_*.c */
#ifndef COLLECTOR_INGEST_SENDER_SESSION_INNER_H
#define COLLECTOR_INGEST_SENDER_SESSION_INNER_H

#include "collector/ingest/acceptor.h"
#include "collector/ingest/senders/gate_inner.h"

struct bufferevent;
struct sender_protocol;

struct sender_session {
	struct sender_session *prev, *next; /* of the gate */
	struct sender_session *next_stopped, *next_settled;
	struct gate *gate;
	struct door *door;
	struct bufferevent *bev;
	const struct sender_protocol *protocol;
	void *reader;      /* the protocol's */
	struct flow *flow; /* NULL = nobody yet: in the handshake, or before its token */
	struct handshake handshake; /* its place at the door; .session 0: it has none */
	struct netaddr address;
	uint64_t peer;
	char name[ACCEPTOR_PEER_MAX];
	unsigned generation; /* it began, or was looked at again, under */
	bool is_connected;   /* its handshake is over, if there is one */
	bool has_token;
	unsigned char token[TOKEN_HASH_SIZE]; /* SHA-256 of the one it is known by */
	int64_t since_ms;
	size_t held;         /* bytes of what it has sent half, as they are counted */
	int64_t waits_ms;    /* since when the rest of a message is waited for; 0 = it is not */
	int64_t unread_ms;   /* since when the peer has not taken what was said; 0 = it has */
	bool is_stopped;     /* waits for room */
	bool is_held;        /* waits for what its protocol has to say first */
	bool is_settled;     /* in the gate's list of those */
	bool holds_too_much; /* of half messages, found when there was no room to go on */
	bool is_leaving;     /* reads no more, and ends when its protocol has said all */
	bool has_left;       /* said it: what the peer still sends is not looked at */
};

enum sender_taken {
	SENDER_TAKEN_ALL, /* that has arrived */
	SENDER_NO_ROOM,   /* for more; the rest stays where it is */
	SENDER_OWES,      /* an answer before more is read: as long as owes() says so */
	SENDER_ENDS,      /* when what was written has been taken */
	SENDER_BROKEN,    /* it makes no sense; nothing more can be taken */
};

struct sender_protocol {
	const char *name;

	void *(*open)(struct sender_session *session);
	void (*close)(struct sender_session *session);

	/* What has arrived, as far as there is room for it. `why`: set when it is broken, a
	 * constant of the program. Where the protocol introduces (sender_settings.h) it is
	 * asked before it is known who it is, with `flow` NULL, and says so by
	 * sender_session_is(). Until then it is in its handshake, as to places and deadlines.
	 */
	enum sender_taken (*take)(struct sender_session *session, const char **why);

	/* The peer is gone, or has to go. */
	void (*finish)(struct sender_session *session);

	/* Since when the rest of what has begun is waited for, when it was `waits_ms` before
	 * this turn; 0 = nothing has. */
	int64_t (*waits_since)(const struct sender_session *session);

	/* Memory for what has come half. NULL: none. */
	size_t (*held)(const struct sender_session *session);

	/* Once a second, and when something of it is settled: says what there is to say. False:
	 * it has to go. NULL: nothing ever is. */
	bool (*answer)(struct sender_session *session);

	/* The socket has taken all that was written. NULL: it does not matter. */
	void (*written)(struct sender_session *session);

	/* Will it have to answer? NULL: never. */
	bool (*owes)(const struct sender_session *session);

	/* The rest of what has begun did not come in time, and it has to go: says so, at once
	 * or when it owes no more. NULL: nothing. */
	void (*late)(struct sender_session *session);

	/* It ends now and owes nothing: says what else the peer should know. May be called
	 * again. NULL: nothing. */
	void (*part)(struct sender_session *session);
};

extern const struct sender_protocol sender_lines, sender_beats, sender_http;

/* The sender of its certificate, where it has one; NULL = it has none that we know. */
const struct sender *sender_session_certified(struct sender_session *session);

/* From now on it is that one, and reads on. False: that has as many connections as it may, and
 * this one is nobody's. */
MUST_USE bool sender_session_is(struct sender_session *session, const struct sender *sender);

/* Its stream, or request, makes no sense: a line in the log, one a minute for a sender. */
void sender_session_log_broken(
	const struct sender_session *session, const struct sender *sender, const char *why);

/* Something of it is settled: answer() is called soon. */
void sender_session_settled(struct sender_session *session);

#endif
