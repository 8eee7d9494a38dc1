#include "collector/forward/forward.h"
#include "collector/forward/output.h"

static const char *const output_names[] = {"kafka", "file", NULL};
static const char *const security_names[] = {
	"plaintext", "ssl", "sasl-plaintext", "sasl-ssl", NULL};
static const char *const sasl_names[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", NULL};
static const char *const compression_names[] = {"none", "gzip", "snappy", "lz4", "zstd", NULL};

#define AT(member) offsetof(struct kafka_settings, member)

static const struct setting kafka_table[] = {
	{"brokers", SETTING_TEXT, AT(brokers), "127.0.0.1:9092", 1, 4096,
		"Bootstrap brokers, host:port, commas between them."},
	{"client-id", SETTING_TEXT, AT(client_id), "soc-collector", 1, 64,
		"What brokers call us in their logs and quotas."},
	{"security", SETTING_CHOICE, AT(security), "plaintext", 0, 0,
		"How brokers are spoken to; plaintext is for a broker on the same machine.",
		security_names},
	{"ca", SETTING_PATH, AT(ca), "", 0, 0,
		"CA certificates (PEM) that brokers' certificates must lead to; with ssl."},
	{"certificate", SETTING_PATH, AT(certificate), "", 0, 0,
		"Our certificate (PEM) for brokers that ask for one."},
	{"key", SETTING_PATH, AT(key), "", 0, 0, "Its private key (PEM)."},
	{"sasl-mechanism", SETTING_CHOICE, AT(sasl_mechanism), "SCRAM-SHA-512", 0, 0,
		"With sasl-plaintext and sasl-ssl.", sasl_names},
	{"sasl-user", SETTING_TEXT, AT(sasl_user), "", 0, 256, "User name for SASL."},
	{"sasl-password-file", SETTING_PATH, AT(sasl_password_file), "", 0, 0,
		"File whose first line is the password for SASL."},
	{"compression", SETTING_CHOICE, AT(compression), "zstd", 0, 0,
		"Compression of batches on the wire.", compression_names},
	{"delivery-timeout", SETTING_DURATION, AT(delivery_ms), "60s", 1000, 3600000,
		"A message that no broker acknowledged within this time is offered again."},
	{"message-max", SETTING_BYTES, AT(message_max), "1MB", 1000, 100000000,
		"Largest message; must not be above the brokers' message.max.bytes."},
	{"properties", SETTING_TEXTS, AT(properties), NULL, 0, 64,
		"Further properties of librdkafka as name=value; they win over the keys above. "
		"Those that say when a message counts as delivered cannot be changed.",
		.example = "[socket.keepalive.enable=true]"},
	{0},
};

#undef AT
#define AT(member) offsetof(struct file_output_settings, member)

static const struct setting file_table[] = {
	{"dir", SETTING_PATH, AT(dir), "/var/lib/soc-collector/out", 0, 0,
		"Folder that gets one file a message, and one with its headers."},
	{0},
};

#undef AT
#define AT(member) offsetof(struct forward_settings, member)

const struct setting forward_settings_table[] = {
	{"output", SETTING_CHOICE, AT(output), "kafka", 0, 0, "Where national messages go.",
		output_names},
	{"topic-prefix", SETTING_TEXT, AT(topic_prefix), "soc.", 0, 64,
		"Topics are named <prefix><province>.<type>.v1."},
	{"in-flight", SETTING_COUNT, AT(in_flight), "64", 1, 10000,
		"Messages of a type given to the output and not yet reported delivered."},
	{"retry", SETTING_DURATION, AT(retry_ms), "5s", 100, 3600000,
		"Wait before messages of a type are offered again after one failed; doubled "
		"with each failure that follows. Other types go on meanwhile."},
	{"retry-most", SETTING_DURATION, AT(retry_most_ms), "30s", 100, 3600000,
		"Longest such wait."},
	{"retry-aside", SETTING_DURATION, AT(retry_aside_ms), "10m", 100, 86400000,
		"A message that fails by itself ten times, while others of its type would go, "
		"is set aside for them and offered again after so long each time."},
	{"drain", SETTING_DURATION, AT(drain_ms), "5s", 0, 600000,
		"At the end, wait so long for reports of what was sent."},
	{"kafka", SETTING_SECTION, AT(kafka), NULL, 0, 0, "The Kafka output.",
		.table = kafka_table},
	{"file", SETTING_SECTION, AT(file), NULL, 0, 0, "The file output.",
		.table = file_table},
	{0},
};

void forward_settings_check(const struct conf *conf, const struct forward_settings *settings,
	struct mistakes *mistakes)
{
	const struct output *output = outputs[settings->output];

	if (output->check != NULL)
		output->check(conf, settings, mistakes);
}

bool forward_writes_files(const struct forward_settings *settings)
{
	return strcmp(output_names[settings->output], "file") == 0;
}
