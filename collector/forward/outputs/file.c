/*
 * file - national messages as files in a folder
 *
 * For a gateway without Kafka and for carrying by hand: the body under its
 * message id, and beside it NAME.headers (JSON) with topic, key and headers.
 * A file is whole or not there.
 */
#include "collector/forward/outputs/outputs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "collector/forward/forward.h"
#include "common/file.h"
#include "common/json.h"

struct file_output {
	const struct forward_settings *settings;
	struct output_events events;
};

static void *file_open(const struct forward_settings *settings, struct event_base *base,
	const struct output_events *events, struct err *err)
{
	(void)base;
	if (!file_make_dirs(settings->file.dir, 0750, err))
		return NULL;

	struct file_output *output = calloc(1, sizeof(*output));
	if (output == NULL)
		abort();
	output->settings = settings;
	output->events = *events;
	return output;
}

static void write_headers(struct strbuf *out, const struct output_message *message)
{
	struct json json = json_into(out);

	json_object(&json);
	json_put_str(&json, "topic", message->topic);
	json_put_text(&json, "key", message->key);
	for (unsigned i = 0; i < message->n_headers; i++)
		json_put_text(&json, message->headers[i].name, message->headers[i].value);
	json_object_end(&json);
	strbuf_add_byte(out, '\n');
}

/* Headers first: where the body is, they are. */
static bool write_files(
	struct file_output *output, const struct output_message *message, struct err *err)
{
	char body[PATH_MAX], beside[PATH_MAX + 16];
	struct strbuf headers = STRBUF_INIT(64 * 1024);

	snprintf(body, sizeof(body), "%s/%012lld", output->settings->file.dir,
		(long long)message->number);
	snprintf(beside, sizeof(beside), "%s.headers", body);
	write_headers(&headers, message);
	bool ok = file_replace(beside, strbuf_slice(&headers), 0640, err) &&
		  file_replace(body, message->body, 0640, err);
	strbuf_done(&headers);
	return ok;
}

static enum send_result file_send(
	void *self, const struct output_message *message, struct err *err)
{
	struct file_output *output = self;

	if (write_files(output, message, err))
		output->events.delivered(
			output->events.user, message->topic, message->number, "file");
	else
		output->events.failed(output->events.user, message->topic, message->number,
			FAILED_TOPIC, err->text);
	return SEND_TAKEN;
}

static void file_close(void *self, uint32_t timeout_ms)
{
	(void)timeout_ms;
	free(self);
}

const struct output output_file = {
	.name = "file",
	.summary = "one file a message, for gateways without Kafka",
	.open = file_open,
	.send = file_send,
	.close = file_close,
};
