/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_platform_op(op): the hardware domain's kernel works for the hypervisor, on what
 * firmware and ACPI tell, and asks it for the same. All members are in unless they say out.
 */
#ifndef __XEN_PUBLIC_PLATFORM_H__
#define __XEN_PUBLIC_PLATFORM_H__

#include "xen.h"

#define XENPF_INTERFACE_VERSION 0x03000001

/* The wall clock, as UTC at a system time; 32 and 64 bits of seconds. */
#define XENPF_settime32 17
struct xenpf_settime32 {
    uint32_t secs;
    uint32_t nsecs;
    xenith_u64_t system_time; /* ns */
};
XENITH_ABI_TYPE(xenpf_settime32);
#define XENPF_settime64 62
struct xenpf_settime64 {
    xenith_u64_t secs;
    uint32_t nsecs;
    uint32_t mbz;
    xenith_u64_t system_time; /* ns */
};
XENITH_ABI_TYPE(xenpf_settime64);
#if __XEN_INTERFACE_VERSION__ < 0x00040600
#define XENPF_settime XENPF_settime32
#define xenpf_settime xenpf_settime32
#else
#define XENPF_settime XENPF_settime64
#define xenpf_settime xenpf_settime64
#endif
typedef struct xenpf_settime xenpf_settime_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_settime_t);

/* MTRRs: type of a range; the register is chosen, and counted by its users. */
#define XENPF_add_memtype 31
struct xenpf_add_memtype {
    xen_pfn_t mfn;
    xenith_u64_t nr_mfns;
    uint32_t type;   /* as in the MTRR */
    uint32_t handle; /* out: for del */
    uint32_t reg;    /* out: which */
};
XENITH_ABI_TYPE_HANDLE(xenpf_add_memtype);
#define XENPF_del_memtype 32
struct xenpf_del_memtype {
    uint32_t handle; /* needed if reg is 255 */
    uint32_t reg;
};
XENITH_ABI_TYPE_HANDLE(xenpf_del_memtype);
#define XENPF_read_memtype 33
struct xenpf_read_memtype {
    uint32_t reg;
    xen_pfn_t mfn;        /* out */
    xenith_u64_t nr_mfns; /* out: 0 if the register is free */
    uint32_t type;        /* out */
};
XENITH_ABI_TYPE_HANDLE(xenpf_read_memtype);

#define XENPF_microcode_update 35
struct xenpf_microcode_update {
    XEN_GUEST_HANDLE(const_void) data;
    uint32_t length; /* bytes */
};
XENITH_ABI_TYPE_HANDLE(xenpf_microcode_update);

#define XENPF_platform_quirk 39
#define QUIRK_NOIRQBALANCING     1 /* interrupts must stay where they are */
#define QUIRK_IOAPIC_BAD_REGSEL  2 /* the I/O APIC forgets its index register */
#define QUIRK_IOAPIC_GOOD_REGSEL 3
struct xenpf_platform_quirk {
    uint32_t quirk_id;
};
XENITH_ABI_TYPE_HANDLE(xenpf_platform_quirk);

/* EFI runtime services; the arguments are those of the service. */
#define XENPF_efi_runtime_call 49
#define XEN_EFI_get_time                       1
#define XEN_EFI_set_time                       2
#define XEN_EFI_get_wakeup_time                3
#define XEN_EFI_set_wakeup_time                4
#define XEN_EFI_get_next_high_monotonic_count  5
#define XEN_EFI_get_variable                   6
#define XEN_EFI_set_variable                   7
#define XEN_EFI_get_next_variable_name         8
#define XEN_EFI_query_variable_info            9
#define XEN_EFI_query_capsule_capabilities    10
#define XEN_EFI_update_capsule                11

struct xenpf_efi_time {
    uint16_t year;
    uint8_t month;
    uint8_t day;
    uint8_t hour;
    uint8_t min;
    uint8_t sec;
    uint32_t ns;
    int16_t tz; /* minutes from UTC */
    uint8_t daylight;
};

struct xenpf_efi_guid {
    uint32_t data1;
    uint16_t data2;
    uint16_t data3;
    uint8_t data4[8];
};

struct xenpf_efi_runtime_call {
    uint32_t function;  /* XEN_EFI_* */
    uint32_t misc;      /* in and out: flags of the function, attributes, or the high count */
    xen_ulong_t status; /* out: EFI_STATUS */
    union {
#define XEN_EFI_GET_TIME_SET_CLEARS_NS 0x00000001
        struct {
            struct xenpf_efi_time time; /* out */
            uint32_t resolution;        /* out */
            uint32_t accuracy;          /* out */
        } get_time;

        struct xenpf_efi_time set_time;

#define XEN_EFI_GET_WAKEUP_TIME_ENABLED 0x00000001
#define XEN_EFI_GET_WAKEUP_TIME_PENDING 0x00000002
        struct xenpf_efi_time get_wakeup_time; /* out */

#define XEN_EFI_SET_WAKEUP_TIME_ENABLE      0x00000001
#define XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY 0x00000002
        struct xenpf_efi_time set_wakeup_time;

#define XEN_EFI_VARIABLE_NON_VOLATILE       0x00000001
#define XEN_EFI_VARIABLE_BOOTSERVICE_ACCESS 0x00000002
#define XEN_EFI_VARIABLE_RUNTIME_ACCESS     0x00000004
        struct {
            XEN_GUEST_HANDLE(void) name; /* UCS-2 */
            xen_ulong_t size;            /* in, out for get: bytes of data */
            XEN_GUEST_HANDLE(void) data; /* out for get */
            struct xenpf_efi_guid vendor_guid;
        } get_variable, set_variable;

        struct {
            xen_ulong_t size;                  /* in and out: bytes of name */
            XEN_GUEST_HANDLE(void) name;       /* in and out */
            struct xenpf_efi_guid vendor_guid; /* in and out */
        } get_next_variable_name;

#define XEN_EFI_VARINFO_BOOT_SNAPSHOT 0x00000001
        struct {
            uint32_t attr;
            xenith_u64_t max_store_size;    /* out: bytes, as the next two */
            xenith_u64_t remain_store_size;
            xenith_u64_t max_size;
        } query_variable_info;

        struct {
            XEN_GUEST_HANDLE(void) capsule_header_array;
            xen_ulong_t capsule_count;
            xenith_u64_t max_capsule_size; /* out */
            uint32_t reset_type;           /* out */
        } query_capsule_capabilities;

        struct {
            XEN_GUEST_HANDLE(void) capsule_header_array;
            xen_ulong_t capsule_count;
            xenith_u64_t sg_list; /* machine address */
        } update_capsule;
    } u;
};
XENITH_ABI_TYPE_HANDLE(xenpf_efi_runtime_call);

/* What only the hypervisor could ask the firmware for. ESRCH past the last index. */
#define XENPF_firmware_info 50
#define XEN_FW_DISK_INFO             1 /* BIOS EDD (int 13h, functions 41h, 48h, 08h) */
#define XEN_FW_DISK_MBR_SIGNATURE    2
#define XEN_FW_VBEDDC_INFO           3
#define XEN_FW_EFI_INFO              4 /* index: the next group */
#define  XEN_FW_EFI_VERSION          0
#define  XEN_FW_EFI_CONFIG_TABLE     1
#define  XEN_FW_EFI_VENDOR           2
#define  XEN_FW_EFI_MEM_INFO         3
#define  XEN_FW_EFI_RT_VERSION       4
#define  XEN_FW_EFI_PCI_ROM          5
#define  XEN_FW_EFI_APPLE_PROPERTIES 6
#define XEN_FW_KBD_SHIFT_FLAGS       5
struct xenpf_firmware_info {
    uint32_t type;  /* XEN_FW_* */
    uint32_t index;
    union {
        struct {
            uint8_t device;                /* out: BIOS drive number */
            uint8_t version;               /* out: of EDD */
            uint16_t interface_support;    /* out */
            uint16_t legacy_max_cylinder;  /* out */
            uint8_t legacy_max_head;       /* out */
            uint8_t legacy_sectors_per_track; /* out */
            XEN_GUEST_HANDLE(void) edd_params; /* out: its first two bytes are in: its size */
        } disk_info;
        struct {
            uint8_t device;         /* out */
            uint32_t mbr_signature; /* out */
        } disk_mbr_signature;
        struct {
            uint8_t capabilities;         /* out */
            uint8_t edid_transfer_time;   /* out: seconds */
            XEN_GUEST_HANDLE(uint8) edid; /* out: 128 bytes */
        } vbeddc_info;
        union xenpf_efi_info {
            uint32_t version; /* out: also the runtime services' version */
            struct {
                xenith_u64_t addr; /* out: EFI_CONFIGURATION_TABLE[] */
                uint32_t nent;     /* out */
            } cfg;
            struct {
                uint32_t revision;           /* out */
                uint32_t bufsz;              /* bytes */
                XEN_GUEST_HANDLE(void) name; /* out: UCS-2 */
            } vendor;
            struct {
                xenith_u64_t addr; /* in: any address; out: the descriptor that covers it */
                xenith_u64_t size; /* in: longest wanted, bytes; out */
                xenith_u64_t attr; /* out */
                uint32_t type;     /* out */
            } mem;
            struct {
                uint16_t segment; /* which device */
                uint8_t bus;
                uint8_t devfn;
                uint16_t vendor;
                uint16_t devid;
                xenith_u64_t address; /* out */
                xen_ulong_t size;     /* out */
            } pci_rom;
            struct {
                xenith_u64_t address; /* out */
                xen_ulong_t size;     /* out */
            } apple_properties;
        } efi_info;
        uint8_t kbd_shift_flags; /* out: BIOS int 16h, function 02h */
    } u;
};
XENITH_ABI_TYPE_HANDLE(xenpf_firmware_info);

#define XENPF_enter_acpi_sleep 51
struct xenpf_enter_acpi_sleep {
#if __XEN_INTERFACE_VERSION__ < 0x00040300
    uint16_t pm1a_cnt_val;
    uint16_t pm1b_cnt_val;
#else
    uint16_t val_a; /* PM1a control, or sleep control with EXTENDED */
    uint16_t val_b; /* PM1b control */
#endif
    uint32_t sleep_state; /* n of Sn */
#define XENPF_ACPI_SLEEP_EXTENDED 0x00000001
    uint32_t flags;
};
XENITH_ABI_TYPE_HANDLE(xenpf_enter_acpi_sleep);

/* A CPU's clock has changed. */
#define XENPF_change_freq 52
struct xenpf_change_freq {
    uint32_t flags; /* 0 */
    uint32_t cpu;
    xenith_u64_t freq; /* Hz */
};
XENITH_ABI_TYPE_HANDLE(xenpf_change_freq);

#define XENPF_getidletime 53
struct xenpf_getidletime {
    XEN_GUEST_HANDLE(uint8) cpumap_bitmap; /* in: CPUs asked for; out: those that exist */
    uint32_t cpumap_nr_cpus;               /* bits */
    XEN_GUEST_HANDLE(uint64) idletime;     /* out: ns, one for each bit */
    xenith_u64_t now;                      /* out: system time, ns */
};
XENITH_ABI_TYPE_HANDLE(xenpf_getidletime);

/* ACPI's power management tables (_CST, _PSS, _PCT, _PSD, _PPC, _PDC), for one processor. */
#define XENPF_set_processor_pminfo 54

/* Which the hypervisor looks after, in start_info.flags. */
#define XEN_PROCESSOR_PM_CX 1
#define XEN_PROCESSOR_PM_PX 2
#define XEN_PROCESSOR_PM_TX 4

/* type */
#define XEN_PM_CX  0
#define XEN_PM_PX  1
#define XEN_PM_TX  2
#define XEN_PM_PDC 3

/* Which parts of xen_processor_performance are there. */
#define XEN_PX_PCT 1
#define XEN_PX_PSS 2
#define XEN_PX_PPC 4
#define XEN_PX_PSD 8

struct xen_power_register {
    uint32_t space_id;
    uint32_t bit_width;
    uint32_t bit_offset;
    uint32_t access_size;
    xenith_u64_t address;
};

struct xen_processor_csd {
    uint32_t domain;
    uint32_t coord_type;
    uint32_t num;
};
XENITH_ABI_TYPE_HANDLE(xen_processor_csd);

struct xen_processor_cx {
    struct xen_power_register reg;
    uint8_t type;     /* n of Cn */
    uint32_t latency; /* us */
    uint32_t power;   /* mW */
    uint32_t dpcnt;   /* elements of dp */
    XEN_GUEST_HANDLE(xen_processor_csd_t) dp; /* NULL if there is none */
};
XENITH_ABI_TYPE_HANDLE(xen_processor_cx);

struct xen_processor_flags {
    uint32_t bm_control : 1;
    uint32_t bm_check : 1;
    uint32_t has_cst : 1;
    uint32_t power_setup_done : 1;
    uint32_t bm_rld_set : 1;
};

struct xen_processor_power {
    uint32_t count; /* elements of states */
    struct xen_processor_flags flags;
    XEN_GUEST_HANDLE(xen_processor_cx_t) states;
};

struct xen_pct_register {
    uint8_t descriptor;
    uint16_t length;
    uint8_t space_id;
    uint8_t bit_width;
    uint8_t bit_offset;
    uint8_t reserved;
    xenith_u64_t address;
};

struct xen_processor_px {
    xenith_u64_t core_frequency;     /* MHz */
    xenith_u64_t power;              /* mW */
    xenith_u64_t transition_latency; /* us */
    xenith_u64_t bus_master_latency; /* us */
    xenith_u64_t control;            /* value to write for it */
    xenith_u64_t status;             /* value that tells it is there */
};
XENITH_ABI_TYPE_HANDLE(xen_processor_px);

struct xen_psd_package {
    xenith_u64_t num_entries;
    xenith_u64_t revision;
    xenith_u64_t domain;
    xenith_u64_t coord_type;
    xenith_u64_t num_processors;
};

struct xen_processor_performance {
    uint32_t flags;          /* XEN_PX_* */
    uint32_t platform_limit; /* highest state allowed now */
    struct xen_pct_register control_register;
    struct xen_pct_register status_register;
    uint32_t state_count;
    XEN_GUEST_HANDLE(xen_processor_px_t) states;
    struct xen_psd_package domain_info;
#define XEN_CPUPERF_SHARED_TYPE_HW  1 /* hardware coordinates */
#define XEN_CPUPERF_SHARED_TYPE_ALL 2 /* all CPUs of the domain must be told */
#define XEN_CPUPERF_SHARED_TYPE_ANY 3 /* any one of them */
    uint32_t shared_type;
};
XENITH_ABI_TYPE_HANDLE(xen_processor_performance);

struct xenpf_set_processor_pminfo {
    uint32_t id;   /* ACPI id of the processor */
    uint32_t type; /* XEN_PM_* */
    union {
        struct xen_processor_power power;
        struct xen_processor_performance perf;
        XEN_GUEST_HANDLE(uint32) pdc; /* in and out: revision, count, capability bits */
    } u;
};
XENITH_ABI_TYPE_HANDLE(xenpf_set_processor_pminfo);

#define XENPF_get_cpuinfo 55
struct xenpf_pcpuinfo {
    uint32_t xen_cpuid;
    uint32_t max_present; /* out: highest number that exists */
#define XEN_PCPU_FLAGS_ONLINE  1
#define XEN_PCPU_FLAGS_INVALID 2
    uint32_t flags;       /* out */
    uint32_t apic_id;     /* out */
    uint32_t acpi_id;     /* out */
};
XENITH_ABI_TYPE_HANDLE(xenpf_pcpuinfo);

#define XENPF_get_cpu_version 48
struct xenpf_pcpu_version {
    uint32_t xen_cpuid;
    uint32_t max_present; /* out: highest number that exists */
    char vendor_id[12];   /* out, as the next three */
    uint32_t family;
    uint32_t model;
    uint32_t stepping;
};
XENITH_ABI_TYPE_HANDLE(xenpf_pcpu_version);

#define XENPF_cpu_online  56
#define XENPF_cpu_offline 57
struct xenpf_cpu_ol {
    uint32_t cpuid;
};
XENITH_ABI_TYPE_HANDLE(xenpf_cpu_ol);

/* A CPU was plugged in; returns its number. */
#define XENPF_cpu_hotadd 58
struct xenpf_cpu_hotadd {
    uint32_t apic_id;
    uint32_t acpi_id;
    uint32_t pxm;
};
XENITH_ABI_TYPE(xenpf_cpu_hotadd);

/* Memory was plugged in. */
#define XENPF_mem_hotadd 59
struct xenpf_mem_hotadd {
    xenith_u64_t spfn; /* first frame */
    xenith_u64_t epfn; /* one past the last */
    uint32_t pxm;
    uint32_t flags;
};
XENITH_ABI_TYPE(xenpf_mem_hotadd);

#define XENPF_core_parking 60
#define XEN_CORE_PARKING_SET 1
#define XEN_CORE_PARKING_GET 2
struct xenpf_core_parking {
    uint32_t type;      /* XEN_CORE_PARKING_* */
    uint32_t idle_nums; /* CPUs that are parked; out for GET */
};
XENITH_ABI_TYPE_HANDLE(xenpf_core_parking);

/* A few accesses to a CPU's registers, in order, until one fails; returns how many were done. */
#define XENPF_resource_op 61
#define XEN_RESOURCE_OP_MSR_READ  0
#define XEN_RESOURCE_OP_MSR_WRITE 1
struct xenpf_resource_entry {
    union {
        uint32_t cmd; /* XEN_RESOURCE_OP_* */
        int32_t ret;  /* out */
    } u;
    uint32_t rsvd;
    xenith_u64_t idx; /* MSR */
    xenith_u64_t val; /* in or out */
};
XENITH_ABI_TYPE_HANDLE(xenpf_resource_entry);
struct xenpf_resource_op {
    uint32_t nr_entries;
    uint32_t cpu;
    XEN_GUEST_HANDLE(xenpf_resource_entry_t) entries;
};
XENITH_ABI_TYPE_HANDLE(xenpf_resource_op);

/* The hypervisor's symbols, one by one. */
#define XENPF_get_symbol 63
struct xenpf_symdata {
    uint32_t namelen;            /* in: room; out: length */
    uint32_t symnum;             /* in: number; out: the next one, the same at the end */
    XEN_GUEST_HANDLE(char) name; /* out */
    xenith_u64_t address;        /* out */
    char type;                   /* out: letter as nm prints it */
};
XENITH_ABI_TYPE_HANDLE(xenpf_symdata);

struct xen_platform_op {
    uint32_t cmd;               /* XENPF_* */
    uint32_t interface_version; /* XENPF_INTERFACE_VERSION */
    union {
        xenpf_settime_t settime;
        xenpf_settime32_t settime32;
        xenpf_settime64_t settime64;
        xenpf_add_memtype_t add_memtype;
        xenpf_del_memtype_t del_memtype;
        xenpf_read_memtype_t read_memtype;
        xenpf_microcode_update_t microcode;
        xenpf_platform_quirk_t platform_quirk;
        xenpf_efi_runtime_call_t efi_runtime_call;
        xenpf_firmware_info_t firmware_info;
        xenpf_enter_acpi_sleep_t enter_acpi_sleep;
        xenpf_change_freq_t change_freq;
        xenpf_getidletime_t getidletime;
        xenpf_set_processor_pminfo_t set_pminfo;
        xenpf_pcpuinfo_t pcpu_info;
        xenpf_pcpu_version_t pcpu_version;
        xenpf_cpu_ol_t cpu_ol;
        xenpf_cpu_hotadd_t cpu_add;
        xenpf_mem_hotadd_t mem_add;
        xenpf_core_parking_t core_parking;
        xenpf_resource_op_t resource_op;
        xenpf_symdata_t symdata;
        uint8_t pad[128];
    } u;
};
XENITH_ABI_TYPE_HANDLE(xen_platform_op);

#endif /* __XEN_PUBLIC_PLATFORM_H__ */
