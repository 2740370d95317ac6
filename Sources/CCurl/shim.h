#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call. The parentheses
// pass by the macros of the same names, which check types only where the option is a constant.

static inline CURLcode kennel_curl_set_long(CURL *handle, CURLoption option, long value)
{
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode kennel_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value)
{
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode kennel_curl_set_string(CURL *handle, CURLoption option, const char *value)
{
    return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode kennel_curl_set_list(
    CURL *handle, CURLoption option, struct curl_slist *list)
{
    return (curl_easy_setopt)(handle, option, list);
}

static inline CURLcode kennel_curl_set_sink(CURL *handle, curl_write_callback sink, void *context)
{
    const CURLcode code = (curl_easy_setopt)(handle, CURLOPT_WRITEFUNCTION, sink);
    return code ? code : (curl_easy_setopt)(handle, CURLOPT_WRITEDATA, context);
}

static inline CURLcode kennel_curl_get_long(CURL *handle, CURLINFO info, long *value)
{
    return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode kennel_curl_get_string(CURL *handle, CURLINFO info, const char **value)
{
    return (curl_easy_getinfo)(handle, info, value);
}
