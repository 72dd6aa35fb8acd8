// SPDX-License-Identifier: MIT
// xen_version: what it reports, and its errors. Texts that name the build are checked for shape
// only.
#include "test.hpp"
#include <public/features.h>
#include <public/version.h>

namespace {

long version(u64 command, const void* argument) {
    return hypercall(__HYPERVISOR_xen_version, command, address(argument));
}

bool is_text(const char* buffer, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        if (buffer[i] == 0) return i > 0;
        if (buffer[i] != '\n' && (buffer[i] < ' ' || buffer[i] > '~')) return false;
    }
    return false;
}

void features() {
    for (u32 index = 0; index < 3; ++index) {
        xen_feature_info_t info = {index, 0};
        result(join("get_features.", index), version(XENVER_get_features, &info));
        // Whether the machine can do memory-mapped features of HVM is not the guest's matter.
        value(join("features.", index), info.submap);
    }
    result("get_features.fault", version(XENVER_get_features, at<void>(kUnmapped)));
}

void texts() {
    xen_extraversion_t extra = {};
    result("extraversion", version(XENVER_extraversion, extra));
    check("extraversion.text", is_text(extra, sizeof(extra)));
    xen_compile_info compile = {};
    result("compile_info", version(XENVER_compile_info, &compile));
    check("compile_info.compiler", is_text(compile.compiler, sizeof(compile.compiler)));
    check("compile_info.by", is_text(compile.compile_by, sizeof(compile.compile_by)));
    check("compile_info.date", is_text(compile.compile_date, sizeof(compile.compile_date)));
    xen_capabilities_info_t capabilities = {};
    result("capabilities", version(XENVER_capabilities, capabilities));
    check("capabilities.pv64", starts_with(capabilities, "xen-3.0-x86_64 "));
    xen_changeset_info_t changeset = {};
    result("changeset", version(XENVER_changeset, changeset));
    check("changeset.text", changeset[0] == 0 || is_text(changeset, sizeof(changeset)));
    static xen_commandline_t command_line;
    result("commandline", version(XENVER_commandline, command_line));
    check("commandline.text", is_text(command_line, sizeof(command_line)));
}

void numbers() {
    value("version", static_cast<u64>(version(XENVER_version, nullptr)));
    value("version.argument_ignored",
          static_cast<u64>(version(XENVER_version, at<void>(kUnmapped))));
    xen_platform_parameters_t parameters = {};
    result("platform_parameters", version(XENVER_platform_parameters, &parameters));
    value("platform_parameters.virt_start", parameters.virt_start);
    result("pagesize", version(XENVER_pagesize, nullptr));
    result("pagesize.argument", version(XENVER_pagesize, at<void>(kUnmapped)));
    xen_domain_handle_t handle;
    memset(handle, 0xff, sizeof(handle));
    result("guest_handle", version(XENVER_guest_handle, handle));
    check("guest_handle.zero", handle[0] == 0 && handle[15] == 0);
}

void build_id() {
    struct {
        xen_build_id_t id;
        u8 bytes[64];
    } buffer = {};
    const long size = version(XENVER_build_id, nullptr);
    succeeded("build_id.size", size);
    result("build_id.zero_length", version(XENVER_build_id, &buffer));
    buffer.id.len = 1;
    result("build_id.short", version(XENVER_build_id, &buffer));
    buffer.id.len = sizeof(buffer.bytes);
    check("build_id.full", version(XENVER_build_id, &buffer) == size);
    result("build_id.fault", version(XENVER_build_id, at<void>(kUnmapped)));
}

void errors() {
    constexpr u64 commands[] = {
        XENVER_extraversion,        XENVER_compile_info, XENVER_capabilities, XENVER_changeset,
        XENVER_platform_parameters, XENVER_guest_handle, XENVER_commandline};
    for (u64 command : commands) {
        result(join("fault.", command, ".unmapped"), version(command, at<void>(kUnmapped)));
        result(join("fault.", command, ".hypervisor"), version(command, at<void>(kHypervisor)));
        result(join("fault.", command, ".non_canonical"),
               version(command, at<void>(kNonCanonical)));
    }
    result("bad_command.11", version(11, nullptr));
    result("bad_command.minus1", version(~u64{0}, nullptr));
    result("upper_half_ignored", version(u64{1} << 32 | XENVER_pagesize, nullptr));
}

} // namespace

void test_version() {
    numbers();
    features();
    texts();
    build_id();
    errors();
}
