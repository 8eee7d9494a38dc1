/*
 * frame - the agent protocol: what agent and collector say to each other over TLS
 *
 * Every message is a 16-byte header (magic, type, flags, body length, CRC32C
 * of the header) and a body. The header is checked before anything is
 * allocated; each type has its own maximum length. This file is a codec only:
 * bytes to structs and back, no I/O, no clock. The protocol, byte by byte and
 * with its state machine, is in agent/README.md.
 *
 *	agent                                collector
 *	HELLO (versions, lanes, epochs) ->
 *	                                 <-  HELLO_ACK (resume points) or GOODBYE
 *	BATCH, GAP ...                   ->
 *	                                 <-  ACK (stored or declared, per lane)
 *	HEARTBEAT                       <->  HEARTBEAT
 *	                                 <-  ORDER (closed list)
 *	GOODBYE                         <->  GOODBYE
 *
 * Identity is never in a frame: it is the certificate's. What HELLO says about
 * the host is for display.
 *
 * Slices in decoded messages point into the body given to the decoder. Text is
 * bytes as the peer sent them, at most FRAME_TEXT_MAX: who shows it repairs it.
 *
 * Clocks are brought into 1970..2116 (clock_foreign()), by reader and writer.
 *
 * Any thread: the codec keeps no state.
 */
#ifndef COMMON_FRAME_H
#define COMMON_FRAME_H

#include "common/err.h"
#include "common/strbuf.h"

enum {
	FRAME_VERSION = 1, /* the protocol's; hello offers a range */
	FRAME_HEADER_SIZE = 16,
	FRAME_BODY_MAX = 5 << 20, /* bytes; the largest type is BATCH */
	FRAME_LANES_MAX = 4,
	FRAME_TEXT_MAX = 256, /* bytes of a name or reason; longer text is cut when written */
	FRAME_HEARTBEAT_MIN_MS = 100, /* what HELLO_ACK may ask for */
	FRAME_HEARTBEAT_MAX_MS = 3600 * 1000,
};

enum frame_side {
	FRAME_AGENT = 1,
	FRAME_COLLECTOR = 2,
};

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_HELLO_ACK = 2,
	FRAME_BATCH = 3,
	FRAME_GAP = 4,
	FRAME_ACK = 5,
	FRAME_HEARTBEAT = 6,
	FRAME_ORDER = 7,
	FRAME_GOODBYE = 8,
};

enum frame_lane {
	LANE_URGENT = 0, /* findings, YARA hits, agent state */
	LANE_BULK = 1,   /* log lines, inventory */
	LANE_COUNT = 2,
};

enum frame_status {
	FRAME_OK,
	FRAME_SHORT,     /* more bytes are needed */
	FRAME_BAD_MAGIC, /* not this protocol */
	FRAME_BAD_CRC,   /* header, or the chunk of a BATCH, damaged */
	FRAME_BAD_TYPE,  /* unknown type, flag or reserved bits */
	FRAME_TOO_LARGE, /* above the maximum of its type */
	FRAME_BAD_BODY,  /* body does not decode: short, trailing bytes, value out of range */
};

struct frame_header {
	enum frame_type type;
	uint32_t body_size; /* bytes */
};

/* One lane in a HELLO. Sequences are those of the lane's seglog. */
struct frame_lane_offer {
	uint8_t lane;
	uint64_t epoch;     /* random; a new history of the lane has a new one */
	uint64_t first;     /* oldest sequence the agent still holds */
	uint64_t next;      /* sequence its next entry gets */
	uint64_t acked;     /* last one the collector acknowledged; 0 = none */
	uint32_t acked_crc; /* CRC32C of the payload of the entry that ends with `acked` */
};

struct frame_hello {
	uint16_t version_min, version_max;
	struct slice agent_version; /* "0.1.0" */
	struct slice host_name;     /* for display; the certificate decides who it is */
	struct slice os;            /* "Debian GNU/Linux 12 (bookworm)" */
	int64_t wall_ns;            /* the agent's clock */
	uint64_t boot_id;           /* changes with every start of the agent */
	unsigned n_lanes;
	struct frame_lane_offer lanes[FRAME_LANES_MAX];
};

enum frame_resume {
	RESUME_OK = 0,        /* go on after `stored` */
	RESUME_NEW_EPOCH = 1, /* histories differ: choose a new epoch, send what is not acked */
};

struct frame_lane_resume {
	uint8_t lane;
	uint8_t resume;  /* enum frame_resume */
	uint64_t stored; /* last sequence stored or declared of this epoch; 0 = none */
	uint32_t
		stored_crc; /* CRC32C of the payload of the batch that ended with it; 0 = gap */
};

struct frame_hello_ack {
	uint16_t version;
	int64_t wall_ns;       /* the collector's clock */
	uint32_t heartbeat_ms; /* each side says something at least this often */
	uint32_t window_bytes; /* BATCH bytes that may be unacknowledged */
	struct slice collector_version;
	unsigned n_lanes;
	struct frame_lane_resume lanes[FRAME_LANES_MAX];
};

struct frame_batch {
	uint8_t lane;
	uint64_t epoch;
	uint64_t first;     /* sequence of the first item */
	uint32_t count;     /* items */
	uint32_t crc;       /* CRC32C of `chunk` */
	struct slice chunk; /* chunk.h */
};

enum gap_reason {
	GAP_QUEUE_FULL = 1, /* a push input had to drop: the spool was full */
	GAP_ROTATED = 2,    /* rotated away before it was read */
	GAP_TRUNCATED = 3,  /* the file was truncated under the reader */
	GAP_DAMAGED = 4,    /* entries of the spool, or of a journal, damaged on disk */
	GAP_RELEASED = 5,   /* the collector asks for what was released after an ack */
	GAP_OVERSIZE = 6,   /* an item larger than a chunk may be */
	GAP_UNREADABLE = 7, /* a chunk arrived whole and cannot be unpacked */
	GAP_REASON_COUNT = 8,
};

struct frame_gap {
	uint8_t lane;
	uint64_t epoch;
	uint64_t first;      /* first missing sequence */
	uint32_t count;      /* sequences declared missing */
	uint8_t reason;      /* enum gap_reason */
	uint64_t bytes;      /* known lost bytes, 0 = unknown */
	struct slice source; /* which source, as in chunk_source.name, or empty */
};

struct frame_ack_lane {
	uint8_t lane;
	uint64_t epoch;
	uint64_t stored; /* everything up to here is stored or declared, durably */
};

struct frame_ack {
	unsigned n_lanes;
	struct frame_ack_lane lanes[FRAME_LANES_MAX];
};

struct frame_heartbeat {
	int64_t wall_ns;       /* the sender's clock when it was sent */
	int64_t echo_wall_ns;  /* wall_ns of the last heartbeat received, 0 = none */
	uint64_t echo_hold_ns; /* time between receiving that and sending this */
	/* The agent's state; the collector sends zeros. */
	uint64_t queued_items, queued_bytes; /* not acknowledged, all lanes */
	uint64_t read_items, dropped_items;  /* since start */
	uint32_t rss_kib, cpu_ms;            /* resident memory; processor time since start */
	uint64_t settings_version;           /* first 8 bytes of SHA-256 of the settings file */
	uint64_t rules_version;              /* the same of the YARA rules in force */
};

/* The closed list (design decision 14): nothing else can be ordered without a signature. */
enum frame_order_kind {
	ORDER_FETCH_BUNDLE = 1,
	ORDER_SLOW_DOWN = 2, /* argument: items/s of the bulk lane, 0 = no limit */
	ORDER_RESEND = 3,    /* from what is stored: close and connect again */
	ORDER_REPORT = 4,    /* inventory and state now */
	ORDER_SCAN = 5,      /* scan now with the installed rules */
	ORDER_KIND_COUNT = 6,
};

struct frame_order {
	uint8_t order; /* enum frame_order_kind */
	uint64_t argument;
};

enum goodbye_reason {
	GOODBYE_STOPPING = 1,  /* the sender ends its work */
	GOODBYE_VERSION = 2,   /* no common version */
	GOODBYE_IDENTITY = 3,  /* certificate's identity unknown to the register, or revoked */
	GOODBYE_DUPLICATE = 4, /* the same identity is connected already */
	GOODBYE_PROTOCOL = 5,  /* a frame was wrong */
	GOODBYE_OVERLOAD = 6,  /* limits of peer or agency; come back later */
	GOODBYE_IDLE = 7,      /* nothing heard for too long */
	GOODBYE_RELOAD = 8,    /* connect again */
	GOODBYE_REASON_COUNT = 9,
};

struct frame_goodbye {
	uint8_t reason;    /* enum goodbye_reason */
	uint32_t retry_ms; /* do not come back earlier; 0 = as you like */
	struct slice text; /* for the log */
};

struct frame {
	enum frame_type type;
	union {
		struct frame_hello hello;
		struct frame_hello_ack hello_ack;
		struct frame_batch batch;
		struct frame_gap gap;
		struct frame_ack ack;
		struct frame_heartbeat heartbeat;
		struct frame_order order;
		struct frame_goodbye goodbye;
	};
};

/*
 * Checks the first FRAME_HEADER_SIZE bytes of `bytes`; FRAME_SHORT when there are fewer.
 * FRAME_OK means that a body of header->body_size bytes may be waited for, if the peer may
 * send this type at all: ask frame_allowed() too.
 */
MUST_USE enum frame_status frame_read_header(struct slice bytes, struct frame_header *header);

/* May `sender` send this type? Otherwise the frame is refused before its body is read. */
bool frame_allowed(enum frame_type type, enum frame_side sender);

/* Decodes a body of header->body_size bytes. *frame is filled only when FRAME_OK. */
MUST_USE enum frame_status frame_read_body(
	const struct frame_header *header, struct slice body, struct frame *frame);

/*
 * Appends header and body, or nothing when that would pass out's limit (out->overflow). Values
 * a reader would refuse are our bug. For BATCH the chunk is copied; to avoid that, write the
 * head with frame_write_batch_head() and send the chunk behind it.
 */
void frame_write(struct strbuf *out, const struct frame *frame);
void frame_write_batch_head(struct strbuf *out, const struct frame_batch *batch);

/* Words for logs; "unknown" for a value that is none. */
const char *frame_status_text(enum frame_status status);
const char *frame_type_text(enum frame_type type);
const char *frame_lane_text(enum frame_lane lane); /* also its folder in the spool */
const char *gap_reason_text(enum gap_reason reason);
const char *goodbye_reason_text(enum goodbye_reason reason);

#endif
