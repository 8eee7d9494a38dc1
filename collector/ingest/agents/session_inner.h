/*
 * session_inner - what the files of a session share; private to session*.c
 *
 *	session.c            life: TLS, saying, batches that come home
 *	session_hello.c      the greeting: who it is, and where its lanes go on
 *	session_frames.c     what the agent says, frame by frame
 *	session_deadlines.c  what happens when it does not
 */
#ifndef COLLECTOR_INGEST_SESSION_INNER_H
#define COLLECTOR_INGEST_SESSION_INNER_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "collector/ingest/agents/session.h"
#include "common/tls.h"

enum state {
	STATE_HANDSHAKE,
	STATE_HELLO,
	STATE_RUNNING,
	STATE_LEAVING,
};

struct lane {
	bool open; /* was in a HELLO */
	uint64_t epoch;
	uint64_t stored; /* last sequence that came home stored or declared */
	uint64_t told;   /* the same as last sent in an ACK */
};

struct session {
	struct session_links links;
	struct worker *worker;
	struct ingest_shared *shared;
	struct bufferevent *bev;
	uint64_t number;
	enum state state;
	struct handshake handshake;
	char peer_name[INGEST_NAME_MAX];
	struct tls_peer peer;
	struct lane lanes[LANE_COUNT];
	unsigned hellos;
	unsigned batches_out;
	uint64_t bytes_out;  /* of chunks in them, as sent */
	unsigned generation; /* the certificate was good under */
	bool counted;        /* among the unfinished handshakes */
	bool greeting;       /* verified, without a HELLO yet: counted */
	bool joined;         /* has its place among the peers */

	int64_t since_ms;       /* when the state began */
	int64_t heard_ms;       /* last byte */
	int64_t said_ms;        /* last frame written */
	int64_t frame_ms;       /* when the frame now arriving began; 0 = none */
	int64_t write_ms;       /* since when the peer takes nothing; 0 = nothing to take */
	int64_t pause_until_ms; /* the agency's rate; 0 = no pause */
	uint64_t cost;          /* of the frame being taken, for the agency's rate */
	size_t unwritten;       /* bytes at the last look */
	size_t said_bytes;      /* added to them since */

	int64_t peer_wall_ns;    /* of its last heartbeat */
	int64_t peer_heard_ns;   /* monotonic, when that came */
	int64_t clock_offset_ns; /* its clock minus ours */
};

/* Milliseconds, monotonic. */
int64_t session_now_ms(const struct session *session);

void session_enter(struct session *session, enum state state);

/* Writes the frame behind what waits to be written. */
void session_say(struct session *session, const struct frame *frame);

/* The HELLO came, or never will. */
void session_greeted(struct session *session);

/* Its place among the peers is free; others are told once. */
void session_leave_peers(struct session *session);

/* Counts, tells the log, says goodbye: a verified agent that is turned away. */
void session_refuse(struct session *session, uint8_t reason, const char *text);

/* The same for one that broke the protocol. Batches that were under way may come home after
 * the first of them ended the session. */
void session_end_for_protocol(struct session *session, const char *text);

/* Tells the collector of something that happened to this agent. */
void session_note(struct session *session, enum ingest_event what);

void session_on_hello(struct session *session, const struct frame_hello *hello);

/* Is its agency in the register in force? */
bool session_is_known(const struct session *session);

/* Takes what has arrived, as far as it is whole and may be taken now. */
void session_read_frames(struct session *session);

/* A heartbeat of ours, with the echo of the agent's last. */
void session_say_heartbeat(struct session *session);

#endif
