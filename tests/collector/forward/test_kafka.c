#include <event2/event.h>
#include <librdkafka/rdkafka.h>

#include "collector/forward/forward.h"
#include "collector/forward/outputs/outputs.h"
#include "common/clock.h"
#include "tests/support/check.h"

/* ---- librdkafka, between it and the output ------------------------------------ */

static bool no_producer; /* none can be made just now */
static unsigned n_asked; /* for a producer */
static rd_kafka_t *made; /* the last one */
static int64_t stamp_ms; /* of the message that was sent last */

static rd_kafka_resp_err_t on_send(
	rd_kafka_t *producer, rd_kafka_message_t *message, void *user)
{
	rd_kafka_timestamp_type_t type;

	(void)producer;
	(void)user;
	stamp_ms = rd_kafka_message_timestamp(message, &type);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(
	rd_kafka_t *producer, const rd_kafka_conf_t *conf, void *user, char *why, size_t size)
{
	(void)conf;
	(void)why;
	(void)size;
	return rd_kafka_interceptor_add_on_send(producer, "test", on_send, user);
}

rd_kafka_t *__real_rd_kafka_new(
	rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t size);
rd_kafka_t *__wrap_rd_kafka_new(
	rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t size);

rd_kafka_t *__wrap_rd_kafka_new(
	rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t size)
{
	n_asked++;
	if (!no_producer) {
		rd_kafka_conf_interceptor_add_on_new(conf, "test", on_new, NULL);
		return made = __real_rd_kafka_new(type, conf, why, size);
	}
	snprintf(why, size, "the key cannot be read");
	return NULL;
}

/* ---- an output ---------------------------------------------------------------- */

struct scene {
	const char *properties[1];
	struct forward_settings settings;
	struct event_base *base;
	void *kafka;
	unsigned delivered, failed;
};

static void on_delivered(void *user, const char *topic, int64_t number, const char *where)
{
	ck_assert_str_eq(topic, "test");
	(void)number;
	(void)where;
	((struct scene *)user)->delivered++;
}

static void on_failed(void *user, const char *topic, int64_t number,
	enum output_failure failure, const char *why)
{
	ck_assert_str_eq(topic, "test");
	(void)number;
	(void)why;
	ck_assert_int_ne(failure, FAILED_FOR_GOOD);
	((struct scene *)user)->failed++;
}

static void on_room(void *user)
{
	(void)user;
}

static void open_scene(struct scene *scene)
{
	const struct output_events events = {on_delivered, on_failed, on_room, scene};
	struct err err;

	no_producer = false;
	n_asked = 0;
	*scene = (struct scene){
		.properties = {"test.mock.num.brokers=1"},
		.settings.kafka =
			{
				.brokers = "127.0.0.1:1",
				.client_id = "test",
				.ca = "",
				.certificate = "",
				.key = "",
				.sasl_user = "",
				.sasl_password_file = "",
				.delivery_ms = 60000,
				.message_max = 1000000,
				.properties = {.n = 1},
			},
		.base = event_base_new(),
	};
	scene->settings.kafka.properties.items = scene->properties;
	scene->kafka = output_kafka.open(&scene->settings, scene->base, &events, &err);
	ck_assert_msg(scene->kafka != NULL, "%s", err.text);
}

static void close_scene(struct scene *scene)
{
	output_kafka.close(scene->kafka, 0);
	event_base_free(scene->base);
}

static enum send_result send_one(struct scene *scene)
{
	const struct output_message message = {
		.number = 1,
		.topic = "test",
		.key = SLICE_LIT("key"),
		.body = SLICE_LIT("body"),
	};
	struct err err;

	return output_kafka.send(scene->kafka, &message, &err);
}

/* Until *n is at least `least`; a test that hangs is ended by its runner. */
static void run_until(struct scene *scene, const unsigned *n, unsigned least)
{
	while (*n < least)
		event_base_loop(scene->base, EVLOOP_ONCE);
}

START_TEST(a_producer_that_failed_for_good_is_replaced_as_soon_as_one_can_be_made)
{
	struct scene scene;

	open_scene(&scene);
	ck_assert_int_eq(send_one(&scene), SEND_TAKEN);
	run_until(&scene, &scene.delivered, 1);
	no_producer = true;
	rd_kafka_test_fatal_error(made, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
	run_until(&scene, &n_asked, 2);
	ck_assert_int_eq(send_one(&scene), SEND_BUSY);
	ck_assert_uint_eq(n_asked, 3);
	event_base_loop(scene.base, EVLOOP_NONBLOCK); /* a wake that comes late */
	ck_assert_int_eq(send_one(&scene), SEND_BUSY);
	no_producer = false;
	ck_assert_int_eq(send_one(&scene), SEND_TAKEN);
	run_until(&scene, &scene.delivered, 2);
	close_scene(&scene);
}
END_TEST

/* Nothing calls for the producer to be looked at but the message itself. */
START_TEST(a_message_is_enough_to_find_a_producer_dead)
{
	struct scene scene;

	open_scene(&scene);
	rd_kafka_test_fatal_error(made, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
	ck_assert_int_eq(send_one(&scene), SEND_BUSY);
	run_until(&scene, &n_asked, 2);
	ck_assert_int_eq(send_one(&scene), SEND_TAKEN);
	run_until(&scene, &scene.delivered, 1);
	close_scene(&scene);
}
END_TEST

START_TEST(what_was_under_way_is_reported_before_a_producer_goes)
{
	struct scene scene;

	open_scene(&scene);
	ck_assert_int_eq(send_one(&scene), SEND_TAKEN); /* lingers for 20 ms */
	rd_kafka_test_fatal_error(made, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
	run_until(&scene, &n_asked, 2);
	ck_assert_uint_eq(scene.delivered + scene.failed, 1);
	close_scene(&scene);
}
END_TEST

START_TEST(a_producer_that_never_was_is_closed_too)
{
	struct scene scene;

	open_scene(&scene);
	no_producer = true;
	rd_kafka_test_fatal_error(made, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "test");
	run_until(&scene, &n_asked, 2);
	close_scene(&scene);
}
END_TEST

START_TEST(a_message_bears_the_time_it_is_sent)
{
	const int64_t before_ms = clock_wall_ns() / CLOCK_NS_PER_MS;
	struct scene scene;

	open_scene(&scene);
	ck_assert_int_eq(send_one(&scene), SEND_TAKEN);
	ck_assert_int_ge(stamp_ms, before_ms);
	ck_assert_int_le(stamp_ms, clock_wall_ns() / CLOCK_NS_PER_MS);
	close_scene(&scene);
}
END_TEST

/* ---- properties --------------------------------------------------------------- */

static void check_properties(const char *list, const char *mistake)
{
	struct strbuf text = STRBUF_INIT(4096), out = STRBUF_INIT(4096);
	struct forward_settings settings = {0};

	strbuf_addf(&text, "kafka:\n  properties: [%s]\n", list);
	struct conf *conf = conf_parse(
		"collector.yaml", strbuf_slice(&text), forward_settings_table, &settings, &out);
	ck_assert_msg(conf != NULL, "%s", strbuf_cstr(&out));
	struct mistakes mistakes = mistakes_into(&out, "collector.yaml");
	forward_settings_check(conf, &settings, &mistakes);
	ck_assert_int_eq(mistakes_end(&mistakes), mistake == NULL);
	ck_assert_msg(mistake == NULL || strstr(strbuf_cstr(&out), mistake) != NULL, "%s",
		strbuf_cstr(&out));
	conf_free(conf);
	strbuf_done(&text);
	strbuf_done(&out);
}

START_TEST(properties_that_take_the_meaning_from_a_delivery_are_refused_where_they_stand)
{
	check_properties("socket.keepalive.enable=true, acks=1", "collector.yaml:2:15: ");
	check_properties("acks=1", "acks cannot be changed");
	check_properties("request.required.acks=0", "cannot be changed");
	check_properties("enable.idempotence=false", "cannot be changed");
	check_properties("retries=0", "cannot be changed");
	check_properties("message.send.max.retries=0", "cannot be changed");
	check_properties("delivery.report.only.error=true", "cannot be changed");
	check_properties("transactional.id=x", "cannot be changed");
}
END_TEST

START_TEST(properties_that_the_library_does_not_know_are_refused_too)
{
	check_properties("acks", "'acks' is not name=value");
	check_properties("no.such.property=1", "no.such.property");
	check_properties("socket.keepalive.enable=perhaps", "socket.keepalive.enable");
	check_properties("linger.ms=5, socket.keepalive.enable=true", NULL);
}
END_TEST

TEST_MAIN("kafka", a_producer_that_failed_for_good_is_replaced_as_soon_as_one_can_be_made,
	a_message_is_enough_to_find_a_producer_dead,
	what_was_under_way_is_reported_before_a_producer_goes,
	a_producer_that_never_was_is_closed_too, a_message_bears_the_time_it_is_sent,
	properties_that_take_the_meaning_from_a_delivery_are_refused_where_they_stand,
	properties_that_the_library_does_not_know_are_refused_too)
