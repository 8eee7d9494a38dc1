/*
 * broker - the logs of message brokers and search engines, each with a frame of its own
 *
 * Kafka, ZooKeeper, RabbitMQ, ActiveMQ, NATS, Elasticsearch:
 *
 *	[2026-03-07 10:00:00,123] INFO Principal = User:an is ... (kafka.authorizer.logger)
 *	2026-03-07 10:00:00,123 [myid:1] - INFO  [Thread:Class@215] - Accepted socket ...
 *	2026-03-07 10:00:00.123456+07:00 [error] <0.1234.0> PLAIN login refused: ...
 *	2026-03-07 10:00:00,123 | WARN  | Failed to add Connection ... | logger | thread
 *	[4711] 2026/03/07 10:00:00.123456 [ERR] 192.0.2.1:5432 - cid:7 - authentication ...
 *	[2026-03-07T10:00:00,123][INFO ][o.e.n.Node ] [node-1] started
 *
 * Of what the text says, names come before the addresses that the program itself wrote.
 */
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

#define SIGN_IN .category = {ECS_AUTHENTICATION}, .type = {ECS_START}

static const struct meaning noted = {.category = {ECS_PROCESS}, .type = {ECS_INFO}};
static const struct meaning let_in = MEANS("broker_login", SIGN_IN, .outcome = {ECS_SUCCESS});
static const struct meaning refused = MEANS("broker_login", SIGN_IN, .outcome = {ECS_FAILURE});
static const struct meaning connected = MEANS("broker_connection", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .type2 = {ECS_START});
static const struct meaning closed = MEANS("broker_connection_closed",
	.category = {ECS_NETWORK}, .type = {ECS_CONNECTION}, .type2 = {ECS_END});
static const struct meaning failed = MEANS("broker_connection", .category = {ECS_NETWORK},
	.type = {ECS_CONNECTION}, .outcome = {ECS_FAILURE});
static const struct meaning denied = MEANS("broker_access", .category = {ECS_IAM},
	.type = {ECS_USER}, .type2 = {ECS_INFO}, .outcome = {ECS_FAILURE});
static const struct meaning allowed = MEANS("broker_access", .category = {ECS_IAM},
	.type = {ECS_USER}, .type2 = {ECS_INFO}, .outcome = {ECS_SUCCESS});
static const struct meaning administered =
	MEANS("broker_administered", .category = {ECS_CONFIGURATION}, .type = {ECS_CHANGE});
static const struct meaning started =
	MEANS("service_started", .category = {ECS_PROCESS}, .type = {ECS_START});
static const struct meaning stopped =
	MEANS("service_stopped", .category = {ECS_PROCESS}, .type = {ECS_END});
static const struct meaning slow =
	MEANS("database_slow_query", .category = {ECS_DATABASE}, .type = {ECS_INFO});

static const struct phrase kafka_sentences[] = {
	{"Principal = User:{user.name*} is Denied {} from host = {source+} on resource = "
	 "{.resource}",
		&denied},
	{"Principal = User:{user.name*} is Allowed {} from host = {source+} on resource = "
	 "{.resource}",
		&allowed},
	{"[{}] Failed authentication with /{source+} ({event.reason*})", &refused},
	{"[{}] Failed authentication with {source.domain}/{source+} ({event.reason*})",
		&refused},
	{"{}started (kafka.server.KafkaServer)", &started},
};
static const struct phrase zookeeper_sentences[] = {
	{"Accepted socket connection from /{source:}", &connected},
	{"Closed socket connection for client /{source:} {}", &closed},
	{"Client attempting to establish new session at /{source:}", &connected},
	{"got auth packet /{source:}", &noted},
	{"auth success /{source:}", &let_in},
	{"Authentication failed for scheme: {.scheme}", &refused},
};
static const struct phrase rabbitmq_sentences[] = {
	{"accepting AMQP connection {.connection} ({source:} -> {destination:})", &connected},
	{"connection {.connection} ({source:} -> {destination:}): user '{user.name*}' "
	 "authenticated and granted access to vhost '{.vhost}'",
		&let_in},
	{"connection {.connection} ({source:} -> {destination:} - {}): user '{user.name*}' "
	 "authenticated and granted access to vhost '{.vhost}'",
		&let_in},
	{"closing AMQP connection {.connection} ({source:} -> {destination:}, vhost: "
	 "'{.vhost}', user: '{user.name*}'{}",
		&closed},
	{"closing AMQP connection {.connection} ({source:} -> {destination:}{}", &closed},
	{"Error on AMQP connection {.connection} ({source:} -> {destination:}, {}", &failed},
	{"{.mechanism} login refused: user '{user.name*}' - {event.reason}", &refused},
	{"{.mechanism} login refused: user '{user.name*}' {event.reason}", &refused},
	{"HTTP access denied: user '{user.name*}' - {event.reason}", &refused},
	{"Created user '{user.target.name*}'", &administered},
	{"Deleted user '{user.target.name*}'", &administered},
	{"Server startup complete{}", &started},
	{"Successfully stopped RabbitMQ and its dependencies", &stopped},
};
static const struct phrase activemq_sentences[] = {
	{"Failed to add Connection {.connection} due to {}User name [{user.name*}] or password "
	 "is invalid.{}",
		&refused},
	{"Failed to add Connection {.connection}", &failed},
	{"Failed to add Connection {.connection} due to {error.message}", &failed},
	{"{user.name} called {.operation} at {}", &administered},
	{"{user.name} requested {url.path} {}from {source+}", &administered},
	{"Transport Connection to: tcp://{source:} failed: {error.message}", &failed},
	{"Apache ActiveMQ {} started", &started},
	{"Apache ActiveMQ {} is shutdown", &stopped},
};
static const struct phrase nats_sentences[] = {
	{"{source:} - {.client} - authentication error - User \"{user.name*}\"", &refused},
	{"{source:} - {.client} - authentication error{}", &refused},
	{"{source:} - {.client} - Client connection created", &connected},
	{"{source:} - {.client} - Client connection closed: {event.reason}", &closed},
	{"{source:} - {.client} - TLS handshake error: {event.reason}", &failed},
	{"Server is ready", &started},
	{"Server Exiting..{}", &stopped},
};
static const struct phrase elasticsearch_sentences[] = {
	{"[{.index}][{.shard}] took[{duration}], {}", &slow},
	{"Authentication of [{user.name*}] was terminated by realm [{.realm}]{}", &refused},
	{"Authentication to realm {.realm} failed - Password authentication failed for "
	 "{user.name*}",
		&refused},
	{"started{}", &started},
	{"stopped", &stopped},
};

static struct phrases kafka = PHRASES(kafka_sentences);
static struct phrases zookeeper = PHRASES(zookeeper_sentences);
static struct phrases rabbitmq = PHRASES(rabbitmq_sentences);
static struct phrases activemq = PHRASES(activemq_sentences);
static struct phrases nats = PHRASES(nats_sentences);
static struct phrases elasticsearch = PHRASES(elasticsearch_sentences);

struct line {
	struct slice module, level, logger, thread, pid, node, text;
	struct phrases *phrases;
	int64_t ns;
};

static bool is_level(struct slice word)
{
	static const struct slice levels[] = {{SLICE_BYTES("TRACE")}, {SLICE_BYTES("DEBUG")},
		{SLICE_BYTES("INFO")}, {SLICE_BYTES("WARN")}, {SLICE_BYTES("ERROR")},
		{SLICE_BYTES("FATAL")}, {SLICE_BYTES("info")}, {SLICE_BYTES("warning")},
		{SLICE_BYTES("error")}, {SLICE_BYTES("debug")}, {SLICE_BYTES("notice")},
		{SLICE_BYTES("critical")}, {SLICE_BYTES("DEPRECATION")}};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (slice_eq(levels[i], word))
			return true;
	}
	return false;
}

static bool take_level(struct slice *rest, struct line *line)
{
	line->level = take_word(rest);
	return is_level(line->level);
}

static bool starts_with_one(struct slice logger, const struct slice *begins, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_starts(logger, begins[i]))
			return true;
	}
	return false;
}

/* Others write such lines too; what theirs say, those read who read any program's messages. */
static bool read_as_others(struct line *line, struct slice text)
{
	line->module = SLICE_LIT("application");
	line->phrases = NULL;
	line->text = slice_trim(text);
	return true;
}

static bool is_kafka_logger(struct slice logger)
{
	static const struct slice begins[] = {{SLICE_BYTES("kafka.")},
		{SLICE_BYTES("org.apache.kafka.")}, {SLICE_BYTES("org.apache.zookeeper.")},
		{SLICE_BYTES("io.confluent.")}, {SLICE_BYTES("state.change.logger")}};

	return starts_with_one(logger, begins, ARRAY_LEN(begins));
}

/* In full, by their first letters, and the logs of slow requests: i.s.s. and i.i.s. */
static bool is_elasticsearch_logger(struct slice logger)
{
	static const struct slice begins[] = {{SLICE_BYTES("o.e.")}, {SLICE_BYTES("o.o.")},
		{SLICE_BYTES("org.elasticsearch.")}, {SLICE_BYTES("org.opensearch.")},
		{SLICE_BYTES("i.s.s.")}, {SLICE_BYTES("i.i.s.")},
		{SLICE_BYTES("index.search.slowlog.")},
		{SLICE_BYTES("index.indexing.slowlog.")}};

	return starts_with_one(logger, begins, ARRAY_LEN(begins));
}

/* "] INFO text (kafka.authorizer.logger)" */
static bool read_kafka(struct slice rest, struct line *line)
{
	struct slice before, logger;

	if (!skip_lit(&rest, "] ") || !take_level(&rest, line) || !skip_byte(&rest, ' ') ||
		!slice_ends(rest, SLICE_LIT(")")) ||
		!cut_last(rest, SLICE_LIT(" ("), &before, &logger))
		return false;
	logger.len--;
	line->module = slice_starts(logger, SLICE_LIT("org.apache.zookeeper"))
			       ? SLICE_LIT("zookeeper")
			       : SLICE_LIT("kafka");
	line->phrases = slice_eq(line->module, SLICE_LIT("kafka")) ? &kafka : &zookeeper;
	line->logger = logger;
	line->text = before;
	return is_kafka_logger(logger);
}

/* "][INFO ][o.e.n.Node               ] [node-1] started" */
static bool read_elasticsearch(struct slice rest, struct line *line)
{
	struct slice level, logger;

	if (!skip_lit(&rest, "][") || !take_until(&rest, ']', &level) ||
		!skip_byte(&rest, '[') || !take_until(&rest, ']', &logger))
		return false;
	line->level = slice_trim(level);
	line->logger = slice_trim(logger);
	line->phrases = &elasticsearch;
	if (slice_starts(line->logger, SLICE_LIT("logstash"))) {
		line->module = SLICE_LIT("logstash");
		if (skip_byte(&rest, '['))
			(void)take_until(&rest, ']', &line->node);
	} else {
		line->module = SLICE_LIT("elasticsearch");
		if (!skip_lit(&rest, " [") || !take_until(&rest, ']', &line->node))
			return false;
		if (!is_elasticsearch_logger(line->logger)) {
			line->thread = line->node;
			line->node = SLICE_NONE;
			return is_level(line->level) && read_as_others(line, rest);
		}
	}
	line->text = slice_trim(rest);
	return is_level(line->level);
}

/* " [error] <0.1234.0> text" */
static bool read_rabbitmq(struct slice rest, struct line *line)
{
	if (!skip_lit(&rest, " [") || !take_until(&rest, ']', &line->level) ||
		!skip_lit(&rest, " <") || !take_until(&rest, '>', &line->thread) ||
		!skip_byte(&rest, ' '))
		return false;
	line->module = SLICE_LIT("rabbitmq");
	line->phrases = &rabbitmq;
	line->text = rest;
	return is_level(line->level);
}

/* " | WARN  | text | logger | thread" */
static bool read_activemq(struct slice rest, struct line *line)
{
	struct slice text, before;

	if (!skip_lit(&rest, " | ") || !take_level(&rest, line))
		return false;
	skip_blanks(&rest);
	if (!skip_lit(&rest, "| ") ||
		!cut_last(rest, SLICE_LIT(" | "), &before, &line->thread) ||
		!cut_last(before, SLICE_LIT(" | "), &text, &line->logger))
		return false;
	if (!slice_starts(line->logger, SLICE_LIT("org.apache.activemq."))) {
		line->logger = line->thread = SLICE_NONE; /* the order is another's */
		return read_as_others(line, rest);
	}
	line->module = SLICE_LIT("activemq");
	line->phrases = &activemq;
	line->text = text;
	return true;
}

/* " [myid:1] - INFO  [Thread:Class@215] - text" */
static bool read_zookeeper(struct slice rest, struct line *line)
{
	if (!skip_lit(&rest, " [myid:") || !take_until(&rest, ']', &line->node) ||
		!skip_lit(&rest, " - ") || !take_level(&rest, line))
		return false;
	skip_blanks(&rest);
	if (!skip_byte(&rest, '['))
		return false;
	size_t end = slice_search(rest, SLICE_LIT("] - "));
	if (end == rest.len)
		return false;
	line->thread = slice_head(rest, end);
	line->module = SLICE_LIT("zookeeper");
	line->phrases = &zookeeper;
	line->text = slice_from(rest, end + 4);
	return true;
}

/* "[4711] 2026/03/07 10:00:00.123456 [ERR] text" */
static bool read_nats(struct slice rest, struct parse_context *context, struct line *line)
{
	struct slice level;

	if (!skip_byte(&rest, '[') || !take_digits(&rest, &line->pid) ||
		!skip_lit(&rest, "] ") || rest.len < 20 || rest.ptr[4] != '/' ||
		!take_stamp_any(&rest, context, &line->ns) || !skip_lit(&rest, " [") ||
		!take_until(&rest, ']', &level) || level.len != 3 || !skip_byte(&rest, ' '))
		return false;
	line->level = level;
	line->module = SLICE_LIT("nats");
	line->phrases = &nats;
	line->text = rest;
	return slice_search(SLICE_LIT("INF ERR WRN DBG TRC FTL"), level) < 23;
}

static bool read_line(struct slice rest, struct parse_context *context, struct line *line)
{
	bool bracket = skip_byte(&rest, '[');

	if (bracket && slice_find(slice_head(rest, rest.len < 12 ? rest.len : 12), ']') < 12)
		return read_nats(context->message, context, line);
	if (!take_stamp_any(&rest, context, &line->ns))
		return false;
	if (bracket)
		return read_kafka(rest, line) || read_elasticsearch(rest, line);
	return read_rabbitmq(rest, line) || read_activemq(rest, line) ||
	       read_zookeeper(rest, line);
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct line line = {.ns = 0};

	if (context->message.len < 30 || !read_line(context->message, context, &line))
		return PARSED_NOT_MINE;
	record->created_ns = line.ns;
	context->module = line.module;
	put_some(record, context, FIELD_LOG_LEVEL, line.level);
	put_some(record, context, FIELD_LOG_LOGGER, line.logger);
	put_digits(record, context, FIELD_PROCESS_PID, line.pid);
	put_some(record, context, FIELD_PROCESS_THREAD_NAME, line.thread);
	put_some(record, context, FIELD_SERVICE_NODE_NAME, line.node);
	put_over(record, context, FIELD_MESSAGE, line.text);
	context->message = SLICE_NONE;
	if (line.phrases != NULL &&
		phrases_read(line.phrases, record, context,
			slice_head(line.text, slice_find(line.text, '\n'))) != NULL)
		return PARSED;
	context->message = line.text; /* it may be pairs or JSON, or tell of a sign-in */
	return PARSED_PARTLY;
}

const struct parser parser_broker = {
	.number = 162,
	.roles = PARSER_ENVELOPE,
	.name = "broker",
	.module = "broker",
	.summary = "Kafka, ZooKeeper, RabbitMQ, ActiveMQ, NATS, Elasticsearch, Logstash: "
		   "server logs",
	.source = "Apache Kafka 3, config/log4j.properties; ZooKeeper 3.8, conf/logback.xml; "
		  "RabbitMQ 3.13, Logging; ActiveMQ 5.18, Audit Logging; NATS 2.10, Logging; "
		  "Elasticsearch 8, Logging",
	.first_bytes = FIRST_BYTES_DIGITS "[",
	.digits = DIGITS(ISO_BLANK),
	.parse = parse,
};
