/*
 * feed_receiver - what a receiving authority does with our messages, in small
 *
 *	soc-feed-receiver --brokers HOST:PORT --topics A,B --dir DIR
 *	                  [--idle MS] [--for MS] [--set NAME=VALUE]...
 *
 * Reads the topics from the beginning, keeps of every key the message with the
 * highest revision (design decision 11), and writes those into DIR: NAME.body
 * byte for byte, and NAME.json with topic, key, headers, and where it came
 * from. Prints one JSON line for every message that arrived, `replaces` and
 * `stale` telling what became of it. It knows nothing of our code but
 * librdkafka: whether a body is valid and its signature good is checked by
 * whoever calls it.
 *
 * Ends when nothing came for --idle milliseconds (default 5000) or after --for.
 */
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"
#include "common/table.h"

enum { TOPICS_MAX = 32, SETTINGS_MAX = 32, KEY_MAX = 512, KEYS_MAX = 1 << 20 };

static struct {
	const char *brokers, *dir;
	char *topics;
	uint64_t idle_ms, for_ms;
	char *settings[SETTINGS_MAX];
	unsigned n_settings;
} options = {.idle_ms = 5000, .for_ms = UINT64_MAX};

static volatile sig_atomic_t stop_asked;

struct kept_key {
	char text[KEY_MAX]; /* zeroed behind its end */
};

struct kept {
	uint64_t revision;
	uint64_t number; /* of its files */
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "soc-feed-receiver: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void on_signal(int number)
{
	(void)number;
	stop_asked = 1;
}

/* ---- one message ------------------------------------------------------------ */

static struct slice header(const rd_kafka_message_t *message, const char *name)
{
	rd_kafka_headers_t *headers;
	const void *value;
	size_t size;

	if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
		rd_kafka_header_get_last(headers, name, &value, &size) !=
			RD_KAFKA_RESP_ERR_NO_ERROR)
		return SLICE_NONE;
	return slice_of(value, size);
}

static void put_headers(struct json *json, const rd_kafka_message_t *message)
{
	rd_kafka_headers_t *headers;
	const char *name;
	const void *value;
	size_t size;

	json_key(json, SLICE_LIT("headers"));
	json_object(json);
	if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) ==
				   RD_KAFKA_RESP_ERR_NO_ERROR;
			i++)
			json_put_text(json, name, slice_of(value ? value : "", size));
	}
	json_object_end(json);
}

static void describe(struct strbuf *out, const rd_kafka_message_t *message, const char *file,
	bool replaces, bool stale)
{
	struct json json = json_into(out);

	json_object(&json);
	json_put_str(&json, "topic", rd_kafka_topic_name(message->rkt));
	json_put_i64(&json, "partition", message->partition);
	json_put_i64(&json, "offset", message->offset);
	json_put_text(
		&json, "key", slice_of(message->key ? message->key : "", message->key_len));
	json_put_u64(&json, "bytes", message->len);
	put_headers(&json, message);
	json_put_str(&json, "file", file);
	json_put_bool(&json, "replaces", replaces);
	json_put_bool(&json, "stale", stale);
	json_object_end(&json);
	strbuf_add_byte(out, '\n');
}

static void write_files(const rd_kafka_message_t *message, const char *name, struct slice about)
{
	char path[PATH_MAX];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s.body", options.dir, name);
	if (!file_replace(path,
		    slice_of(message->payload ? message->payload : "", message->len), 0644,
		    &err))
		die("writing", err.text);
	snprintf(path, sizeof(path), "%s/%s.json", options.dir, name);
	if (!file_replace(path, about, 0644, &err))
		die("writing", err.text);
}

static void take(struct table *table, const rd_kafka_message_t *message)
{
	struct strbuf about = STRBUF_INIT(1 << 20);
	struct kept_key key = {0};
	uint64_t revision = 0;
	char name[32];
	bool is_new;

	memcpy(key.text, message->key, message->key_len < KEY_MAX ? message->key_len : KEY_MAX);
	(void)!slice_to_u64(header(message, "revision"), UINT64_MAX, &revision);
	struct kept *kept = table_put(table, &key, &is_new);
	if (kept == NULL)
		die("too many keys", options.topics);
	bool stale = !is_new && revision <= kept->revision;
	if (is_new)
		kept->number = table->n;
	snprintf(name, sizeof(name), "%06llu", (unsigned long long)kept->number);
	describe(&about, message, name, !is_new && !stale, stale);
	if (!stale) {
		kept->revision = revision;
		write_files(message, name, strbuf_slice(&about));
	}
	fwrite(about.ptr, 1, about.len, stdout);
	fflush(stdout);
	strbuf_done(&about);
}

/* ---- consumer --------------------------------------------------------------- */

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[512];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		die("setting", why);
}

static rd_kafka_t *open_consumer(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512], group[64];

	snprintf(group, sizeof(group), "soc-feed-receiver-%lld", (long long)clock_wall_ns());
	set(conf, "bootstrap.servers", options.brokers);
	set(conf, "group.id", group);
	set(conf, "auto.offset.reset", "earliest");
	set(conf, "enable.auto.commit", "false");
	set(conf, "allow.auto.create.topics", "true");
	set(conf, "topic.metadata.refresh.interval.ms", "1000");
	for (unsigned i = 0; i < options.n_settings; i++) {
		char *equals = strchr(options.settings[i], '=');

		if (equals == NULL)
			die("--set", "needs NAME=VALUE");
		*equals = '\0';
		set(conf, options.settings[i], equals + 1);
	}
	rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	if (consumer == NULL)
		die("consumer", why);
	rd_kafka_poll_set_consumer(consumer);
	return consumer;
}

/* All partitions of a topic from their beginning: no group, whose members wait for others. */
static void add_partitions(
	rd_kafka_t *consumer, const char *name, rd_kafka_topic_partition_list_t *list)
{
	enum { PATIENCE_MS = 10000 };
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, name, NULL);
	rd_kafka_resp_err_t code =
		rd_kafka_metadata(consumer, 0, topic, &metadata, PATIENCE_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("asking for partitions", rd_kafka_err2str(code));
	for (int i = 0; i < metadata->topic_cnt; i++) {
		for (int n = 0; n < metadata->topics[i].partition_cnt; n++)
			rd_kafka_topic_partition_list_add(
				list, name, metadata->topics[i].partitions[n].id)
				->offset = RD_KAFKA_OFFSET_BEGINNING;
	}
	rd_kafka_metadata_destroy(metadata);
	rd_kafka_topic_destroy(topic);
}

static void subscribe(rd_kafka_t *consumer)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(TOPICS_MAX);
	struct slice rest = slice_str(options.topics), topic;

	while (slice_cut(&rest, ',', &topic)) {
		char name[256];

		snprintf(name, sizeof(name), "%.*s", SLICE_FMT(topic));
		add_partitions(consumer, name, list);
	}
	rd_kafka_resp_err_t code = rd_kafka_assign(consumer, list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		die("assigning partitions", rd_kafka_err2str(code));
	rd_kafka_topic_partition_list_destroy(list);
}

static void receive(rd_kafka_t *consumer)
{
	struct table table;
	int64_t begin_ms = clock_mono_ms(), heard_ms = begin_ms;

	table_init(&table, sizeof(struct kept_key), sizeof(struct kept), KEYS_MAX);
	while (!stop_asked) {
		int64_t now_ms = clock_mono_ms();

		if ((uint64_t)(now_ms - heard_ms) >= options.idle_ms ||
			(uint64_t)(now_ms - begin_ms) >= options.for_ms)
			break;
		rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
		if (message == NULL)
			continue;
		if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
			heard_ms = clock_mono_ms();
			take(&table, message);
		}
		rd_kafka_message_destroy(message);
	}
	table_done(&table);
}

static void read_options(int argc, char **argv)
{
	static const struct option known[] = {{"brokers", 1, NULL, 'b'},
		{"topics", 1, NULL, 't'}, {"dir", 1, NULL, 'd'}, {"idle", 1, NULL, 'i'},
		{"for", 1, NULL, 'f'}, {"set", 1, NULL, 's'}, {0}};
	int letter;

	while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
		bool good = letter != '?';

		if (letter == 'b')
			options.brokers = optarg;
		else if (letter == 't')
			options.topics = optarg;
		else if (letter == 'd')
			options.dir = optarg;
		else if (letter == 'i')
			good = slice_to_u64(slice_str(optarg), INT64_MAX, &options.idle_ms);
		else if (letter == 'f')
			good = slice_to_u64(slice_str(optarg), INT64_MAX, &options.for_ms);
		else if (letter == 's' && options.n_settings < SETTINGS_MAX)
			options.settings[options.n_settings++] = optarg;
		if (!good)
			die("options", "see the head of feed_receiver.c");
	}
	if (!options.brokers || !options.topics || !options.dir)
		die("options", "--brokers, --topics and --dir are needed");
}

int main(int argc, char **argv)
{
	struct err err;

	read_options(argc, argv);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	if (!file_make_dirs(options.dir, 0755, &err))
		die("folder", err.text);
	rd_kafka_t *consumer = open_consumer();
	subscribe(consumer);
	receive(consumer);
	rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
	return EXIT_SUCCESS;
}
