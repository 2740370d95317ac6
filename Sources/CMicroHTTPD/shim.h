#pragma once
#include <microhttpd.h>

// MHD_start_daemon takes its options as variadic arguments, which Swift cannot pass. The enums are
// named here since Swift may see their members by other names in another release of the library.

static const enum MHD_Result kennel_mhd_yes = MHD_YES;
static const enum MHD_Result kennel_mhd_no = MHD_NO;

struct kennel_mhd_settings {
    unsigned int connections;     // at most so many at a time; more wait to be accepted
    unsigned int timeout_seconds; // of a connection on which nothing moves
    size_t header_bytes;          // the memory of a connection: its request line and headers
};

// Starts a daemon with one thread of its own, which waits by epoll on a socket that already listens
// and belongs to the daemon from then on. `begin` is called with each request's undecoded target
// and makes the request's state, `end` once for each state. Returns NULL when it could not start.
static inline struct MHD_Daemon *kennel_mhd_start(
    int listening,
    struct kennel_mhd_settings settings,
    void *(*begin)(void *context, const char *target, struct MHD_Connection *connection),
    MHD_AccessHandlerCallback handle,
    MHD_RequestCompletedCallback end,
    void *context)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle, context,
        MHD_OPTION_LISTEN_SOCKET, listening,
        MHD_OPTION_CONNECTION_LIMIT, settings.connections,
        MHD_OPTION_CONNECTION_TIMEOUT, settings.timeout_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings.header_bytes,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, begin, context,
        MHD_OPTION_NOTIFY_COMPLETED, end, context,
        MHD_OPTION_END);
}

// Returns a request's header, or NULL; borrowed from the connection.
static inline const char *kennel_mhd_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

// Makes a response that holds its own copy of the body; NULL if there is no memory.
static inline struct MHD_Response *kennel_mhd_response(size_t byte_count, void *body)
{
    return MHD_create_response_from_buffer(byte_count, body, MHD_RESPMEM_MUST_COPY);
}
