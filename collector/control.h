/*
 * control - the local socket `soc-ctl` asks
 *
 * A unix stream socket, mode 0600. One request a connection: a line, answered
 * by one JSON object and the end of the stream; what could not be done is its
 * member "error".
 *
 *	status    counters, store, position of derive, its backlog, memory, size and last
 *	          failure, agents by state, what expires, the files of enrichment with their
 *	          age, what waits for the nation and what could not be made for it
 *	agents    every agent seen: online, since when, certificate, clock offset, queue
 *	senders   every sender of the settings that is no agent: what came, was cut, dropped,
 *	          refused; and who sent and is none
 *	forwarders
 *	          every Windows host that forwards its events: its certificate, subscription,
 *	          what it delivered, whether it fell silent
 *	malware   the newest 200 findings of malware: machine, name, files, how often, whether
 *	          it is still open
 *	masking   by agency and source, how often each rule of the masking policy took something
 *	          out since the start
 *	ledger    every stream: stored, declared missing, duplicates, lost; "numbered" false:
 *	          its sender has no sequences, and what was sent is not known
 *	quality [NUMBER]
 *	          every source of lines: what came of it in the last 24 hours, how much of it
 *	          was read, how far its clock is off, and the sums of each agency; of one
 *	          source, its days, lines that were not read and fields that never came too
 *	alerts [OBJECT], alert OBJECT, alerts-noisy [OBJECT], alerts-summary
 *	          alerts by filter, one with its evidence and history, the noisiest rules with
 *	          a suppression to look at, sums with learning mode and the day's budget
 *	standings [OBJECT], suppress-preview OBJECT
 *	          suppressions, maintenance windows and watch periods; what one would have
 *	          hidden
 *	alerts-ack, alerts-work, alerts-assign, alerts-comment, alerts-close OBJECT
 *	suppress-add, maintenance-add, watch-add, standing-remove OBJECT
 *	          become acts of the log (derive/acts.h); answered when these are durable,
 *	          and most often applied
 *	feed      every topic messages go to: what waits, what was sent, why it waits
 *	order WORD AGENCY HOST ARGUMENT
 *	          scan, report, resend or slow-down: sends it to a connected agent
 *
 * Main thread only.
 */
#ifndef COLLECTOR_CONTROL_H
#define COLLECTOR_CONTROL_H

#include "collector/derive/derive.h"
#include "collector/forward/forward.h"
#include "collector/ingest/ingest.h"
#include "collector/normalize/masking/mask_ledger.h"
#include "collector/store/store.h"
#include "common/err.h"

struct control;
struct expiries;
struct pipeline;

struct control_view { /* borrowed */
	struct store *store;
	struct ingest *ingest;
	struct derive *derive;
	struct forward *forward;
	struct expiries *expiries;
	struct pipeline *pipeline;
	const char *derive_dir;
	struct mask_ledger *masked;
	const struct derive_settings *derive_settings;
};

/* A socket left by an earlier run is replaced. NULL on failure. */
MUST_USE struct control *control_open(const char *path, struct event_base *base,
	const struct control_view *view, struct err *err);

/* Removes the socket. NULL is fine. */
void control_close(struct control *control);

#endif
