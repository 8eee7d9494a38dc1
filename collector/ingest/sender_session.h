/*
 * sender_session - one TCP or TLS connection of a sender
 *
 * Who it is comes from its address, or from its certificate, before a byte of
 * it is looked at. Nothing is ever said to it but TLS. It may be silent as long
 * as it likes (the kernel finds out when it is gone); a handshake and a message
 * that began have a deadline. After a reload who is no sender any more is ended
 * within a second.
 *
 * Private to ingest/; its gate's thread only.
 */
#ifndef COLLECTOR_INGEST_SENDER_SESSION_H
#define COLLECTOR_INGEST_SENDER_SESSION_H

#include "collector/ingest/gate_inner.h"

/* Takes the descriptor; it may be closed at once. */
void sender_session_begin(
	struct gate *gate, struct door *door, const struct accepted *accepted);

/* There is room again: leaves the flow's list of those that wait, reads on, and may join it
 * again. */
void sender_session_go_on(struct sender_session *session);

/* Once a second. */
void sender_sessions_check(struct gate *gate);

/* Ends all; what arrived of them is kept. */
void sender_sessions_close(struct gate *gate);

#endif
