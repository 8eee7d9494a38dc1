/*
 * sender_session - one TCP or TLS connection of a sender
 *
 * Who it is comes from its address, or from its certificate, before a byte of
 * it is looked at; where a protocol has tokens, from what it begins with, while
 * it has no more than a place in the handshakes. What it sends is its listener's protocol's to
 * read and, where there is something to say, to answer (sender_session_inner.h). It may be
 * silent as long as it likes (the kernel finds out when it is gone); a handshake
 * and a message that began have a deadline. After a reload who is no sender any
 * more is ended within a second.
 *
 * Private to ingest/; its gate's thread only.
 */
#ifndef COLLECTOR_INGEST_SENDER_SESSION_H
#define COLLECTOR_INGEST_SENDER_SESSION_H

#include "collector/ingest/senders/gate_inner.h"

/* Takes the descriptor; it may be closed at once. */
void sender_session_begin(
	struct gate *gate, struct door *door, const struct accepted *accepted);

/* It is the one of that number at that door, and still in its handshake: ends it. */
void sender_session_drop_handshake(
	struct gate *gate, const struct door *door, uint64_t handshake);

/* There is room again: leaves the flow's list of those that wait, reads on, and may join it
 * again. */
void sender_session_go_on(struct sender_session *session);

/* Once a second. */
void sender_sessions_check(struct gate *gate);

/* Says what there is to say to those of which something was settled. */
void sender_sessions_answer(struct gate *gate);

/* Ends all; what arrived is kept. Those that are owed an answer end when they have it. */
void sender_sessions_leave(struct gate *gate);

/* Ends all at once. */
void sender_sessions_drop(struct gate *gate);

#endif
