/*
 * daemons - what the ordinary programs of a Linux server say: network, time, disks, messages
 *
 * Each program has its sentences; one that says something else is left to the parsers that read
 * any program's message.
 */
#include "collector/normalize/families/dhcp.h"
#include "collector/normalize/text/phrases.h"

#define IS(name, what, how)                                                                    \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {what}, .type = { how }             \
	}
#define WENT(name, what, how, result)                                                          \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {what}, .type = {how}, .outcome = { \
			result                                                                 \
		}                                                                              \
	}

/* ---- what is said, whoever says it ------------------------------------------------------- */

static const struct meaning started = IS("service_started", ECS_PROCESS, ECS_START);
static const struct meaning stopped = IS("service_stopped", ECS_PROCESS, ECS_END);
static const struct meaning noted = IS("service_notice", ECS_PROCESS, ECS_INFO);
static const struct meaning reloaded = IS("service_reloaded", ECS_CONFIGURATION, ECS_CHANGE);
static const struct meaning failed = WENT("service_failed", ECS_PROCESS, ECS_INFO, ECS_FAILURE);
static const struct meaning crashed = IS("program_crashed", ECS_PROCESS, ECS_END);

static const struct meaning link_up = IS("link_up", ECS_HOST, ECS_CHANGE);
static const struct meaning link_down = IS("link_down", ECS_HOST, ECS_CHANGE);
static const struct meaning address_set = IS("address_assigned", ECS_HOST, ECS_CHANGE);
static const struct meaning network_noted = IS("network_notice", ECS_HOST, ECS_INFO);
static const struct meaning resolving = IS("resolver_notice", ECS_NETWORK, ECS_INFO);
static const struct meaning connected = IS("connection", ECS_NETWORK, ECS_CONNECTION);
static const struct meaning connection_ended = IS("connection_ended", ECS_NETWORK, ECS_END);
static const struct meaning refused =
	WENT("connection_refused", ECS_NETWORK, ECS_DENIED, ECS_FAILURE);

static const struct meaning clock_synchronized = IS("clock_synchronized", ECS_HOST, ECS_INFO);
static const struct meaning clock_lost =
	WENT("clock_unsynchronized", ECS_HOST, ECS_INFO, ECS_FAILURE);
static const struct meaning clock_stepped = IS("time_changed", ECS_HOST, ECS_CHANGE);
static const struct meaning clock_noted = IS("clock_notice", ECS_HOST, ECS_INFO);

static const struct meaning disk_failing =
	WENT("disk_failing", ECS_HOST, ECS_INFO, ECS_FAILURE);
static const struct meaning disk_noted = IS("disk_notice", ECS_HOST, ECS_INFO);
static const struct meaning messages_lost =
	WENT("log_messages_lost", ECS_HOST, ECS_INFO, ECS_FAILURE);
static const struct meaning log_noted = IS("log_notice", ECS_HOST, ECS_INFO);
static const struct meaning logs_rotated = IS("logs_rotated", ECS_FILE, ECS_CHANGE);
static const struct meaning logs_unrotated =
	WENT("logs_rotated", ECS_FILE, ECS_CHANGE, ECS_FAILURE);

static const struct meaning activated = IS("bus_service_activated", ECS_PROCESS, ECS_START);
static const struct meaning bus_refused =
	WENT("bus_message_refused", ECS_PROCESS, ECS_ACCESS, ECS_FAILURE);
static const struct meaning agent_registered =
	IS("authentication_agent_registered", ECS_AUTHENTICATION, ECS_INFO);
static const struct meaning authorized =
	WENT("privilege_granted", ECS_AUTHENTICATION, ECS_INFO, ECS_SUCCESS);
static const struct meaning unauthorized =
	WENT("privilege_refused", ECS_AUTHENTICATION, ECS_INFO, ECS_FAILURE);
static const struct meaning ran = WENT("pkexec", ECS_PROCESS, ECS_START, ECS_SUCCESS);
static const struct meaning ran_not = WENT("pkexec", ECS_PROCESS, ECS_START, ECS_FAILURE);
static const struct meaning selinux_denied =
	WENT("violated-selinux-policy", ECS_PROCESS, ECS_ACCESS, ECS_FAILURE);
static const struct meaning mounted = WENT("nfs_mount", ECS_NETWORK, ECS_ACCESS, ECS_SUCCESS);
static const struct meaning mounted_not =
	WENT("nfs_mount", ECS_NETWORK, ECS_DENIED, ECS_FAILURE);
static const struct meaning snap_changed = IS("package_changed", ECS_PACKAGE, ECS_CHANGE);
static const struct meaning module_loaded = IS("module_loaded", ECS_DRIVER, ECS_START);

/* ---- programs ---------------------------------------------------------------------------- */

/* ISC DHCP 4.1 to 4.4: client/dhclient.c, client/dhc6.c */
static const struct phrase of_dhclient[] = {
	{"DHCPDISCOVER on {.interface+} to {server+} port{}", &dhcp_request},
	{"DHCPREQUEST for {client+} on {.interface+} to {server+} port{}", &dhcp_request},
	{"DHCPREQUEST of {client+} on {.interface+} to {server+} port{}", &dhcp_request},
	{"DHCPREQUEST on {.interface+} to {server+} port{}", &dhcp_request},
	{"DHCPOFFER of {client+} from {server+}{}", &dhcp_offer},
	{"DHCPOFFER from {server+}{}", &dhcp_offer},
	{"DHCPACK of {client+} from {server+}{}", &dhcp_ack},
	{"DHCPACK from {server+}{}", &dhcp_ack},
	{"bound to {client+} -- renewal in{}", &dhcp_ack},
	{"DHCPNAK from {server+}{}", &dhcp_failed},
	{"No DHCPOFFERS received{}", &dhcp_failed},
	{"No working leases in persistent database{}", &dhcp_failed},
	{"DHCPRELEASE of {client+} on {.interface+} to {server+} port{}", &dhcp_release},
	{"DHCPRELEASE on {.interface+} to {server+} port{}", &dhcp_release},
	{"XMT: {message+} on {.interface+},{}", &dhcp_request},
	{"RCV: {message+} message on {.interface+} from {server+}{}", &dhcp_offer},
	{"Internet Systems Consortium DHCP Client {.version+}{}", &started},
	{"Listening on LPF/{}", &noted},
	{"Sending on   {}", &noted},
	{"Killed old client process{}", &noted},
};
/* systemd 219 to 257: src/network/networkd-*.c */
static const struct phrase of_networkd[] = {
	{"{.interface+}: Link UP{}", &link_up},
	{"{.interface+}: Link DOWN{}", &link_down},
	{"{.interface+}: Gained carrier{}", &link_up},
	{"{.interface+}: Lost carrier{}", &link_down},
	{"{.interface+}: DHCPv4 address {client+}/{+}, gateway {+} acquired from {server+}{}",
		&dhcp_ack},
	{"{.interface+}: DHCPv4 address {client+}/{+} via {server+}{}", &dhcp_ack},
	{"{.interface+}: DHCPv4 address {client+}/{+} acquired from {server+}{}", &dhcp_ack},
	{"{.interface+}: DHCP lease lost{}", &dhcp_failed},
	{"{.interface+}: Gained IPv6LL{}", &address_set},
	{"{.interface+}: Configured{}", &network_noted},
	{"{.interface+}: Configuring with {file.path*}", &network_noted},
	{"{.interface+}: Reconfiguring with {file.path*}", &network_noted},
	{"{.interface+}: Interface name change detected{}", &network_noted},
	{"{.interface+}: netdev ready{}", &network_noted},
	{"Enumeration completed{}", &network_noted},
};
/* NetworkManager 1.0 to 1.50, behind "<info>  [1772852400.1234] " */
static const struct phrase of_network_manager[] = {
	{"device ({.interface+}): state change: {.from+} -> {.to+} (reason '{event.reason+}'{}",
		&network_noted},
	{"device ({.interface+}): carrier: link connected{}", &link_up},
	{"device ({.interface+}): link disconnected{}", &link_down},
	{"device ({.interface+}): Activation: successful{}", &link_up},
	{"dhcp4 ({.interface+}): state changed {*}address={client+}{}", &dhcp_ack},
	{"dhcp4 ({.interface+}):   address {client+}{}", &dhcp_ack},
	{"dhcp4 ({.interface+}): {}", &network_noted},
	{"dhcp6 ({.interface+}): {}", &network_noted},
	{"device ({.interface+}): {}", &network_noted},
	{"manager: ({.interface+}): {}", &network_noted},
	{"manager: NetworkManager state is now {.state+}{}", &network_noted},
	{"policy: set '{.connection*}' ({.interface+}) as default for{}", &network_noted},
	{"policy: {}", &network_noted},
	{"manager: {}", &network_noted},
	{"settings: {}", &network_noted},
	{"audit: op=\"{.op+}\"{}", &reloaded},
	{"NetworkManager (version {.version+}) is starting{}", &started},
	{"caught SIGTERM, shutting down{}", &stopped},
};
/* systemd: src/resolve */
static const struct phrase of_resolved[] = {
	{"Using degraded feature set {*} for DNS server {server+}{}", &resolving},
	{"Using degraded feature set ({+}) for DNS server {server+}{}", &resolving},
	{"Server returned error {dns.response_code+}, mitigating{}", &resolving},
	{"Grace period over, resuming full feature set{}", &resolving},
	{"DNSSEC validation failed for question {dns.question.name+} {}", &resolving},
	{"Clock change detected. Flushing caches{}", &resolving},
	{"Flushed all caches{}", &resolving},
	{"Positive Trust Anchor{}", &resolving},
	{"Negative trust anchors{}", &resolving},
	{"Using system hostname '{host.name+}'{}", &resolving},
	{"Switching to DNS server {server+}{}", &resolving},
};
/* systemd: src/timesync */
static const struct phrase of_timesyncd[] = {
	{"Synchronized to time server {server+}:{server.port+} ({server.address+}){}",
		&clock_synchronized},
	{"Synchronized to time server for the first time {server+}:{server.port+} "
	 "({server.address+}){}",
		&clock_synchronized},
	{"Contacted time server {server+}:{server.port+} ({server.address+}){}",
		&clock_synchronized},
	{"Initial clock synchronization to{}", &clock_synchronized},
	{"Initial synchronization to time server {server+}:{server.port+} "
	 "({server.address+}){}",
		&clock_synchronized},
	{"Timed out waiting for reply from {server+}:{server.port+} ({server.address+}){}",
		&clock_lost},
	{"Network configuration changed, trying to establish connection{}", &clock_noted},
	{"No network connectivity, watching for changes{}", &clock_noted},
	{"System clock time unset or jumped backwards{}", &clock_stepped},
};
/* chrony 2.1 to 4.6: sources.c, reference.c, main.c */
static const struct phrase of_chronyd[] = {
	{"Selected source {server+}{}", &clock_synchronized},
	{"Can't synchronise: {}", &clock_lost},
	{"Source {server+} offline{}", &clock_lost},
	{"Source {server+} online{}", &clock_noted},
	{"Source {server+} replaced with{}", &clock_noted},
	{"Detected falseticker {server+}{}", &clock_lost},
	{"System clock was stepped by {.offset+}{}", &clock_stepped},
	{"System clock wrong by {.offset+}{}", &clock_stepped},
	{"System clock TAI offset set to{}", &clock_noted},
	{"Forward time jump detected{}", &clock_stepped},
	{"Backward time jump detected{}", &clock_stepped},
	{"Frequency {.frequency+}{}", &clock_noted},
	{"chronyd version {.version+} starting{}", &started},
	{"chronyd exiting{}", &stopped},
	{"Could not open {}", &failed},
	{"Loaded seccomp filter{}", &noted},
	{"Using right/UTC timezone{}", &noted},
};
/* ntp 4.2, ntpsec 1.x */
static const struct phrase of_ntpd[] = {
	{"ntpd {.version+}: Starting{}", &started},
	{"ntpd ntpsec-{.version+}: Starting{}", &started},
	{"ntpd exiting on signal{}", &stopped},
	{"synchronized to {server+}, stratum{}", &clock_synchronized},
	{"Soliciting pool server {server+}{}", &clock_noted},
	{"DNS: {}", &clock_noted},
	{"time reset {.offset+}{}", &clock_stepped},
	{"no servers reachable{}", &clock_lost},
	{"kernel reports TIME_ERROR{}", &clock_lost},
	{"kernel reports PLL disabled{}", &clock_noted},
	{"Listen normally on {+} {.interface+} {server+}:{}", &noted},
	{"Listen normally on {}", &noted},
	{"Listen and drop on {}", &noted},
	{"Listening on routing socket{}", &noted},
	{"Deleting interface #{}", &noted},
	{"leapsecond file{}", &clock_noted},
	{"proto: precision = {}", &clock_noted},
};
/* smartmontools 5.40 to 7.4: smartd.cpp */
static const struct phrase of_smartd[] = {
	{"Device: {file.device+} [{+}], SMART Usage Attribute: {*}", &disk_noted},
	{"Device: {file.device+} [{+}], SMART Prefailure Attribute: {*}", &disk_noted},
	{"Device: {file.device+} [{*}], {.n+} Currently unreadable (pending) sectors{}",
		&disk_failing},
	{"Device: {file.device+}, {.n+} Currently unreadable (pending) sectors{}",
		&disk_failing},
	{"Device: {file.device+} [{*}], {.n+} Offline uncorrectable sectors{}", &disk_failing},
	{"Device: {file.device+}, {.n+} Offline uncorrectable sectors{}", &disk_failing},
	{"Device: {file.device*}, FAILED SMART self-check{}", &disk_failing},
	{"Device: {file.device*}, Failed SMART usage Attribute{}", &disk_failing},
	{"Device: {file.device*}, ATA error count increased{}", &disk_failing},
	{"Device: {file.device*}, Self-Test Log error count increased{}", &disk_failing},
	{"Device: {file.device*}, unable to open{}", &disk_failing},
	{"Device: {}", &disk_noted},
	{"Monitoring {.n+} {}", &disk_noted},
	{"smartd {.version+} {}", &started},
	{"smartd received signal {}", &stopped},
	{"smartd is exiting{}", &stopped},
};
/* mdadm 3 and 4: Monitor.c */
static const struct phrase of_mdadm[] = {
	{"Fail event detected on md device {file.device+}, component device {.component+}{}",
		&disk_failing},
	{"Fail event detected on md device {file.device+}{}", &disk_failing},
	{"FailSpare event detected on md device {file.device+}{}", &disk_failing},
	{"DegradedArray event detected on md device {file.device+}{}", &disk_failing},
	{"DeviceDisappeared event detected on md device {file.device+}{}", &disk_failing},
	{"{.event+} event detected on md device {file.device+}{}", &disk_noted},
};
/* polkit 0.105 to 126 */
static const struct phrase of_polkit[] = {
	{"Operator of {.subject+} successfully authenticated as "
	 "unix-user:{user.effective.name+} to gain {*}authorization for action {rule.name+} "
	 "for {+} [{process.command_line*}] (owned by unix-user:{user.name+}){}",
		&authorized},
	{"Operator of {.subject+} FAILED to authenticate to gain authorization for action "
	 "{rule.name+} for {+} [{process.command_line*}] (owned by unix-user:{user.name+}){}",
		&unauthorized},
	{"Operator of {.subject+} FAILED to authenticate{}", &unauthorized},
	{"Registered Authentication Agent for {.subject+} {}", &agent_registered},
	{"Unregistered Authentication Agent for {.subject+} {}", &agent_registered},
	{"registered Authentication Agent for {.subject+} {}", &agent_registered},
	{"unregistered Authentication Agent for {.subject+} {}", &agent_registered},
	{"Loading rules from directory {file.path+}{}", &noted},
	{"Reloading rules{}", &reloaded},
	{"Finished loading, compiling and executing {.n+} rules{}", &reloaded},
	{"Collecting garbage unconditionally{}", &noted},
	{"Acquired the name {}", &started},
	{"started daemon version {.version+}{}", &started},
};
static const struct phrase of_pkexec[] = {
	{"{user.name+}: Executing command [USER={user.effective.name+}] [TTY={soc.tty+}] "
	 "[CWD={process.working_directory*}] [COMMAND={process.command_line*}]{}",
		&ran},
	{"{user.name+}: Error executing command as another user: {event.reason*} "
	 "[USER={user.effective.name+}] [TTY={soc.tty+}] [CWD={process.working_directory*}] "
	 "[COMMAND={process.command_line*}]{}",
		&ran_not},
};
/* rsyslog 5 to 8.2402 */
static const struct phrase of_rsyslogd[] = {
	{"[origin software=\"rsyslogd\" swVersion=\"{.version+}\" x-pid=\"{process.pid+}\" "
	 "x-info=\"{+}\"] start{}",
		&started},
	{"[origin software=\"rsyslogd\" swVersion=\"{.version+}\" x-pid=\"{process.pid+}\" "
	 "x-info=\"{+}\"] exiting on signal{}",
		&stopped},
	{"[origin software=\"rsyslogd\"{}", &log_noted},
	{"action '{rule.name+}' suspended{}", &failed},
	{"action '{rule.name+}' resumed{}", &noted},
	{"imjournal: {.n+} messages lost due to rate-limiting{}", &messages_lost},
	{"imuxsock begins to drop messages from pid {process.pid+}{}", &messages_lost},
	{"imuxsock lost {.n+} messages from pid {process.pid+}{}", &messages_lost},
	{"{.name+} from {+} begins to drop messages{}", &messages_lost},
	{"{.n+} messages lost due to rate-limiting{}", &messages_lost},
	{"-- MARK --{}", &log_noted},
	{"imuxsock: Acquired UNIX socket {}", &log_noted},
	{"imjournal: {}", &log_noted},
	{"rsyslogd's {}", &log_noted},
	{"cannot connect to {server.address+}{}", &failed},
};
/* systemd: src/journal */
static const struct phrase of_journald[] = {
	{"Suppressed {.n+} messages from {service.name+}{}", &messages_lost},
	{"Missed {.n+} kernel messages{}", &messages_lost},
	{"Forwarding to syslog missed {.n+} messages{}", &messages_lost},
	{"File {file.path+} corrupted or uncleanly shut down{}", &log_noted},
	{"Journal started{}", &started},
	{"Journal stopped{}", &stopped},
	{"Runtime Journal {}", &log_noted},
	{"System Journal {}", &log_noted},
	{"Runtime journal {}", &log_noted},
	{"Permanent journal {}", &log_noted},
	{"Time spent on flushing to{}", &log_noted},
	{"Received client request to {}", &log_noted},
	{"Received SIGTERM from PID {process.pid+}{}", &stopped},
	{"Vacuuming done, freed{}", &log_noted},
};
/* dbus 1.8 to 1.16, dbus-broker */
static const struct phrase of_dbus[] = {
	{"[{.bus+}] Activating via systemd: service name='{service.name+}' unit='{.unit+}' "
	 "requested by '{+}' (uid={user.id+} pid={process.pid+} {}",
		&activated},
	{"[{.bus+}] Activating service name='{service.name+}' requested by '{+}' "
	 "(uid={user.id+} pid={process.pid+} {}",
		&activated},
	{"[{.bus+}] Successfully activated service '{service.name+}'{}", &activated},
	{"[{.bus+}] Failed to activate service '{service.name+}': {event.reason*}", &failed},
	{"[{.bus+}] Rejected send message, {}", &bus_refused},
	{"[{.bus+}] Reloaded configuration{}", &reloaded},
	{"[{.bus+}] AppArmor D-Bus mediation is enabled{}", &noted},
	{"[{.bus+}] {}", &noted},
	{"Ready{}", &started},
};
static const struct phrase of_logrotate[] = {
	{"ALERT exited abnormally with{}", &logs_unrotated},
	{"error: {event.reason*}", &logs_unrotated},
	{"rotating pattern: {file.path+}{}", &logs_rotated},
};
/* anacron 2.3, cronie */
static const struct phrase of_anacron[] = {
	{"Anacron {.version+} started on{}", &started},
	{"Normal exit ({}", &stopped},
	{"Received SIGUSR1{}", &stopped},
	{"Will run job `{process.command_line+}' in{}", &noted},
	{"Jobs will be executed sequentially{}", &noted},
	{"Updated timestamp for job `{process.command_line+}' to{}", &noted},
	{"Job `{process.command_line+}' locked by another anacron{}", &noted},
};
static const struct phrase of_cloud_init[] = {
	{"Cloud-init v. {.version+} running '{.stage+}' at{}", &started},
	{"Cloud-init v. {.version+} finished at{}", &stopped},
	{"ci-info: {}", &noted},
	{"Generating public/private {+} key pair{}", &noted},
};
/* snapd 2.x: "daemon.go:247: started snapd/2.58 (series 16; classic) ubuntu/22.04" */
static const struct phrase of_snapd[] = {
	{"{+}.go:{+}: started snapd/{.version+} {}", &started},
	{"{+}.go:{+}: gracefully waiting for running hooks{}", &stopped},
	{"{+}.go:{+}: Installed {package.name+}{}", &snap_changed},
	{"{+}.go:{+}: {}", &noted},
};
/* systemd: src/coredump, src/modules-load, src/udev, src/fsck, src/sysctl, src/tmpfiles */
static const struct phrase of_coredump[] = {
	{"Process {process.pid+} ({process.name*}) of user {user.id+} dumped core{}", &crashed},
	{"Process {process.pid+} ({process.name*}) of user {user.id+} terminated abnormally{}",
		&crashed},
};
static const struct phrase of_modules_load[] = {
	{"Inserted module '{.module+}'{}", &module_loaded},
	{"Module '{.module+}' is built in{}", &noted},
	{"Failed to find module '{.module+}'{}", &failed},
};
static const struct phrase of_apport[] = {
	{"called for pid {process.pid+}, signal{}", &crashed},
	{"executable: {process.executable*} (command line{}", &crashed},
};
/* setroubleshoot 3 */
static const struct phrase of_setroubleshoot[] = {
	{"SELinux is preventing {process.executable+} from {*} access on the {file.type+} "
	 "{file.path*}. For complete SELinux messages{}",
		&selinux_denied},
	{"SELinux is preventing {process.executable+} from {}", &selinux_denied},
};
/* net-snmp 5, rsync 3, nfs-utils 1 and 2, xinetd 2.3 */
static const struct phrase of_snmpd[] = {
	{"Connection from UDP: [{source+}]:{source.port+}->{}", &connected},
	{"Connection from UDP: [{source+}]:{source.port+}{}", &connected},
	{"Connection from UDP: [{source+}]->{}", &connected},
	{"Received SNMP packet(s) from UDP: [{source+}]:{source.port+}{}", &connected},
	{"Connection from TCP: [{source+}]:{source.port+}{}", &connected},
	{"Authentication failed for {user.name*}", &unauthorized},
	{"NET-SNMP version {.version+}{}", &started},
};
static const struct phrase of_rsyncd[] = {
	{"connect from {source.domain+} ({source+}){}", &connected},
	{"rsync denied on module {.module+} from {source.domain+} ({source+}){}", &refused},
	{"auth failed on module {.module+} from {source.domain+} ({source+}) for "
	 "{user.name+}:{}",
		&unauthorized},
	{"auth failed on module {.module+} from {source.domain+} ({source+}){}", &unauthorized},
	{"rsync {file.path*} from {user.name+}@{source.domain+} ({source+}){}", &connected},
	{"rsync {file.path*} from {source.domain+} ({source+}){}", &connected},
	{"sent {source.bytes+} bytes{}", &noted},
	{"rsyncd version {.version+} starting{}", &started},
};
static const struct phrase of_mountd[] = {
	{"authenticated mount request from {source+}:{source.port+} for {file.path*} ({}",
		&mounted},
	{"authenticated unmount request from {source+}:{source.port+} for {file.path*} ({}",
		&mounted},
	{"refused mount request from {source+} for {file.path*} ({}", &mounted_not},
	{"Version {.version+} starting{}", &started},
};
static const struct phrase of_xinetd[] = {
	{"START: {service.name+} pid={process.pid+} from={source+}{}", &connected},
	{"START: {service.name+} from={source+}{}", &connected},
	{"EXIT: {service.name+} {}", &noted},
	{"FAIL: {service.name+} {event.reason+} from={source+}{}", &refused},
	{"xinetd Version {.version+} started{}", &started},
	{"Exiting...{}", &stopped},
};
static const struct phrase of_keepalived[] = {
	{"({.instance+}) Entering MASTER STATE{}", &network_noted},
	{"({.instance+}) Entering BACKUP STATE{}", &network_noted},
	{"({.instance+}) Entering FAULT STATE{}", &link_down},
	{"VRRP_Instance({.instance+}) Entering {}", &network_noted},
	{"Starting Keepalived {.version+}{}", &started},
};

/* endlessh 1.1, endlessh-go: a tarpit in the place of sshd */
static const struct phrase of_endlessh[] = {
	{"ACCEPT host={source.ip+} port={source.port+} fd={}", &connected},
	{"CLOSE host={source.ip+} port={source.port+} fd={+} time={duration+} bytes="
	 "{source.bytes+}{}",
		&connection_ended},
	{"{+} socket to {}", &noted},
};

/* ---- which program says what ---------------------------------------------------------------
 */

#define DAEMONS(X)                                                                             \
	X("dhclient", of_dhclient)                                                             \
	X("systemd-networkd", of_networkd)                                                     \
	X("NetworkManager", of_network_manager)                                                \
	X("systemd-resolved", of_resolved)                                                     \
	X("systemd-timesyncd", of_timesyncd)                                                   \
	X("chronyd", of_chronyd)                                                               \
	X("ntpd", of_ntpd)                                                                     \
	X("smartd", of_smartd)                                                                 \
	X("mdadm", of_mdadm)                                                                   \
	X("polkitd", of_polkit)                                                                \
	X("polkit-agent-helper-1", of_polkit)                                                  \
	X("pkexec", of_pkexec)                                                                 \
	X("rsyslogd", of_rsyslogd)                                                             \
	X("rsyslogd-2007", of_rsyslogd)                                                        \
	X("rsyslog", of_rsyslogd)                                                              \
	X("systemd-journald", of_journald)                                                     \
	X("systemd-journal", of_journald)                                                      \
	X("dbus-daemon", of_dbus)                                                              \
	X("dbus", of_dbus)                                                                     \
	X("dbus-broker", of_dbus)                                                              \
	X("dbus-broker-launch", of_dbus)                                                       \
	X("logrotate", of_logrotate)                                                           \
	X("anacron", of_anacron)                                                               \
	X("cloud-init", of_cloud_init)                                                         \
	X("snapd", of_snapd)                                                                   \
	X("systemd-coredump", of_coredump)                                                     \
	X("systemd-modules-load", of_modules_load)                                             \
	X("apport", of_apport)                                                                 \
	X("setroubleshoot", of_setroubleshoot)                                                 \
	X("snmpd", of_snmpd)                                                                   \
	X("rsyncd", of_rsyncd)                                                                 \
	X("endlessh", of_endlessh)                                                             \
	X("rpc.mountd", of_mountd)                                                             \
	X("mountd", of_mountd)                                                                 \
	X("xinetd", of_xinetd)                                                                 \
	X("Keepalived", of_keepalived)                                                         \
	X("Keepalived_vrrp", of_keepalived)

struct daemon {
	const char *program;
	struct phrases phrases;
};

#define AS_DAEMON(program, sentences) {program, PHRASES(sentences)},
#define AS_NAME(program, sentences)   program,

static struct daemon daemons[] = {DAEMONS(AS_DAEMON)};
static const char *const programs[] = {DAEMONS(AS_NAME) NULL};

/* "polkitd(authority=local)" is polkitd. */
static struct daemon *find_daemon(struct slice program)
{
	program = slice_head(program, slice_find(program, '('));
	for (size_t i = 0; i < ARRAY_LEN(daemons); i++) {
		if (slice_eq(slice_str(daemons[i].program), program))
			return &daemons[i];
	}
	return NULL;
}

/* "<info>  [1772852400.1234] " of NetworkManager, "<warn> " of snapd's and others' wrappers */
static void take_level(struct record *record, struct parse_context *context, struct slice *text)
{
	struct slice rest = *text, level, stamp;

	if (!skip_byte(&rest, '<') || !take_until(&rest, '>', &level) || level.len > 7)
		return;
	skip_blanks(&rest);
	if (skip_byte(&rest, '[') && take_until(&rest, ']', &stamp))
		skip_blanks(&rest);
	put_some(record, context, FIELD_LOG_LEVEL, level);
	*text = rest;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct daemon *daemon = find_daemon(context->program);
	struct slice text = context->message;

	if (daemon == NULL)
		return PARSED_NOT_MINE;
	take_level(record, context, &text);
	return phrases_read(&daemon->phrases, record, context, slice_trim(text)) != NULL
		       ? PARSED
		       : PARSED_NOT_MINE;
}

const struct parser parser_daemons = {
	.number = 42,
	.name = "daemons",
	.module = "daemons",
	.summary = "ordinary programs of a Linux server: DHCP, networks, time, disks, polkit, "
		   "D-Bus, rsyslogd, journald, anacron, snapd, ...",
	.source =
		"their sources: ISC DHCP, systemd, NetworkManager, chrony, ntp, smartmontools, "
		"mdadm, polkit, rsyslog, dbus, snapd, net-snmp, rsync, nfs-utils, xinetd",
	.programs = programs,
	.parse = parse,
};
