/*
 * mock_kafka - a Kafka endpoint without Kafka, for tests and for the quick start
 *
 * Runs librdkafka's mock cluster on a free port of 127.0.0.1, prints
 * `bootstrap=HOST:PORT`, and takes commands on standard input, one a line, each answered
 * by `ok` or `error: why`. Ends on `quit`, on SIGTERM or SIGINT, and at the end of its
 * input unless --stay was given.
 *
 * The mock keeps only the newest 5 MiB or 100,000 messages of a partition, in memory; it
 * knows no TLS, no SASL and no access rules. What needs those is tested with the real one.
 */

#include <errno.h>
#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	API_PRODUCE = 0, /* Kafka protocol: API key of Produce */
	BROKERS_MAX = 9,
	TOPICS_MAX = 64,
	ERRORS_MAX = 1000,
	LINE_SIZE = 1024,
};

struct mock {
	rd_kafka_t *handle;
	rd_kafka_mock_cluster_t *cluster;
	long brokers;
};

static const char usage[] =
	"usage: soc-mock-kafka [--brokers N] [--partitions N] [--topic NAME]... [--stay]\n"
	"\n"
	"  --brokers N      brokers of the cluster (default 1)\n"
	"  --partitions N   partitions of the topics named here (default 1)\n"
	"  --topic NAME     create a topic at start; others appear when first used,\n"
	"                   with 4 partitions\n"
	"  --stay           do not end at the end of standard input\n"
	"\n"
	"commands on standard input, each answered by 'ok' or 'error: why':\n"
	"  down | up        all brokers go away, come back\n"
	"  rtt MS           every answer takes that long\n"
	"  error N CODE     the next N produce requests fail; CODE is a number or a name\n"
	"                   such as NOT_ENOUGH_REPLICAS or MSG_SIZE_TOO_LARGE\n"
	"  topic-error NAME CODE   every request on a topic fails; NO_ERROR ends it\n"
	"  topic NAME N     create a topic with N partitions\n"
	"  quit\n";

static bool parse_number(const char *text, long min, long max, long *number)
{
	char *end;

	if (text == NULL || *text == '\0')
		return false;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return false;
	*number = value;
	return true;
}

/* A code by number, or by the name it has in librdkafka without the leading words. */
static bool parse_error_code(const char *text, rd_kafka_resp_err_t *code)
{
	const struct rd_kafka_err_desc *descriptions;
	size_t count;
	long number;

	if (parse_number(text, -1, 200, &number)) {
		*code = (rd_kafka_resp_err_t)number;
		return true;
	}
	if (text == NULL)
		return false;
	rd_kafka_get_err_descs(&descriptions, &count);
	for (size_t i = 0; i < count; i++) {
		if (descriptions[i].name != NULL && strcmp(descriptions[i].name, text) == 0) {
			*code = descriptions[i].code;
			return true;
		}
	}
	return false;
}

static const char *on_all_brokers(const struct mock *mock,
	rd_kafka_resp_err_t (*action)(rd_kafka_mock_cluster_t *, int32_t))
{
	for (int32_t broker = 1; broker <= mock->brokers; broker++) {
		rd_kafka_resp_err_t code = action(mock->cluster, broker);
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			return rd_kafka_err2str(code);
	}
	return NULL;
}

static const char *command_rtt(const struct mock *mock, const char *ms_text)
{
	long ms;

	if (!parse_number(ms_text, 0, 600000, &ms))
		return "rtt needs milliseconds, 0 to 600000";
	for (int32_t broker = 1; broker <= mock->brokers; broker++)
		rd_kafka_mock_broker_set_rtt(mock->cluster, broker, (int)ms);
	return NULL;
}

static const char *command_error(const struct mock *mock, const char *count, const char *name)
{
	rd_kafka_resp_err_t codes[ERRORS_MAX], code;
	long n;

	if (!parse_number(count, 1, ERRORS_MAX, &n))
		return "error needs a count, 1 to 1000";
	if (!parse_error_code(name, &code))
		return "unknown error code";
	for (long i = 0; i < n; i++)
		codes[i] = code;
	rd_kafka_mock_push_request_errors_array(mock->cluster, API_PRODUCE, (size_t)n, codes);
	return NULL;
}

static const char *command_topic_error(
	const struct mock *mock, const char *topic, const char *name)
{
	rd_kafka_resp_err_t code;

	if (topic == NULL || !parse_error_code(name, &code))
		return "topic-error needs a topic and a known code";
	rd_kafka_mock_topic_set_error(mock->cluster, topic, code);
	return NULL;
}

static const char *command_topic(const struct mock *mock, const char *topic, const char *count)
{
	long partitions;

	if (topic == NULL || !parse_number(count, 1, 1000, &partitions))
		return "topic needs a name and a number of partitions, 1 to 1000";
	rd_kafka_resp_err_t code =
		rd_kafka_mock_topic_create(mock->cluster, topic, (int)partitions, 1);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? NULL : rd_kafka_err2str(code);
}

/* Cuts the next word off a line; NULL when there is none. */
static char *next_word(char **rest)
{
	char *word;

	while ((word = strsep(rest, " \t\r")) != NULL)
		if (*word != '\0')
			return word;
	return NULL;
}

/* Carries out one line; false means to stop. */
static bool command(const struct mock *mock, char *line)
{
	const char *problem;
	char *rest = line;
	const char *verb = next_word(&rest);
	const char *first = next_word(&rest);
	const char *second = next_word(&rest);

	if (verb == NULL)
		return true;
	if (strcmp(verb, "quit") == 0)
		return false;
	if (strcmp(verb, "down") == 0)
		problem = on_all_brokers(mock, rd_kafka_mock_broker_set_down);
	else if (strcmp(verb, "up") == 0)
		problem = on_all_brokers(mock, rd_kafka_mock_broker_set_up);
	else if (strcmp(verb, "rtt") == 0)
		problem = command_rtt(mock, first);
	else if (strcmp(verb, "error") == 0)
		problem = command_error(mock, first, second);
	else if (strcmp(verb, "topic-error") == 0)
		problem = command_topic_error(mock, first, second);
	else if (strcmp(verb, "topic") == 0)
		problem = command_topic(mock, first, second);
	else
		problem = "unknown command";
	if (problem == NULL)
		puts("ok");
	else
		printf("error: %s\n", problem);
	fflush(stdout);
	return true;
}

/* Reads what is there and carries out whole lines; false means to stop. */
static bool read_commands(const struct mock *mock, char *buffer, size_t *filled, bool *ended)
{
	ssize_t got = read(STDIN_FILENO, buffer + *filled, LINE_SIZE - 1 - *filled);
	if (got <= 0) {
		*ended = true;
		return true;
	}
	*filled += (size_t)got;
	buffer[*filled] = '\0';

	char *line = buffer, *newline;
	while ((newline = strchr(line, '\n')) != NULL) {
		*newline = '\0';
		if (!command(mock, line))
			return false;
		line = newline + 1;
	}
	*filled -= (size_t)(line - buffer);
	memmove(buffer, line, *filled);
	if (*filled == LINE_SIZE - 1) {
		puts("error: line too long");
		fflush(stdout);
		*filled = 0;
	}
	return true;
}

static void serve(const struct mock *mock, int signals, bool stay)
{
	struct pollfd waits[2] = {
		{.fd = signals, .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN},
	};
	char buffer[LINE_SIZE];
	size_t filled = 0;
	bool ended = false;

	for (;;) {
		if (poll(waits, ended ? 1 : 2, -1) < 0 && errno != EINTR)
			return;
		if (waits[0].revents != 0)
			return;
		if (!ended && waits[1].revents != 0 &&
			!read_commands(mock, buffer, &filled, &ended))
			return;
		if (ended && !stay)
			return;
	}
}

/* Blocks the signals in every thread to come and makes them readable. */
static int take_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static bool open_mock(struct mock *mock)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char problem[512];

	/* Errors only: the handle has no broker of its own to connect to. */
	rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
	mock->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, problem, sizeof(problem));
	if (mock->handle == NULL) {
		fprintf(stderr, "soc-mock-kafka: %s\n", problem);
		return false;
	}
	mock->cluster = rd_kafka_mock_cluster_new(mock->handle, (int)mock->brokers);
	if (mock->cluster == NULL) {
		fprintf(stderr, "soc-mock-kafka: cannot start the mock cluster\n");
		rd_kafka_destroy(mock->handle);
		return false;
	}
	return true;
}

struct wish {
	long brokers;
	const char *topics[TOPICS_MAX], *partitions;
	size_t n_topics;
	bool stays, wants_help;
};

/* False when the command line is none of the usage. */
static bool read_command_line(int argc, char **argv, struct wish *wish)
{
	static const struct option options[] = {
		{"brokers", required_argument, NULL, 'b'},
		{"partitions", required_argument, NULL, 'p'},
		{"topic", required_argument, NULL, 't'},
		{"stay", no_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool good = true;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			good = good && parse_number(optarg, 1, BROKERS_MAX, &wish->brokers);
			break;
		case 'p':
			wish->partitions = optarg;
			break;
		case 't':
			good = good && wish->n_topics < TOPICS_MAX;
			if (good)
				wish->topics[wish->n_topics++] = optarg;
			break;
		case 's':
			wish->stays = true;
			break;
		case 'h':
			wish->wants_help = true;
			break;
		default:
			good = false;
		}
	}
	return good && optind == argc;
}

static bool make_topics(struct mock *mock, const struct wish *wish)
{
	bool good = true;

	for (size_t i = 0; i < wish->n_topics; i++) {
		const char *problem = command_topic(mock, wish->topics[i], wish->partitions);

		if (problem != NULL) {
			fprintf(stderr, "soc-mock-kafka: topic %s: %s\n", wish->topics[i],
				problem);
			good = false;
		}
	}
	return good;
}

int main(int argc, char **argv)
{
	struct wish wish = {.brokers = 1, .partitions = "1"};
	const bool understood = read_command_line(argc, argv, &wish);

	if (wish.wants_help || !understood) {
		fputs(usage, wish.wants_help ? stdout : stderr);
		return wish.wants_help ? EXIT_SUCCESS : 2;
	}

	struct mock mock = {.brokers = wish.brokers};
	const int signals = take_signals();
	if (signals < 0 || !open_mock(&mock))
		return EXIT_FAILURE;
	const bool good = make_topics(&mock, &wish);
	if (good) {
		printf("bootstrap=%s\n", rd_kafka_mock_cluster_bootstraps(mock.cluster));
		fflush(stdout);
		serve(&mock, signals, wish.stays);
	}
	rd_kafka_mock_cluster_destroy(mock.cluster);
	rd_kafka_destroy(mock.handle);
	close(signals);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
