package dev.oriel.linux.credential;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.oriel.linux.Errno;
import dev.oriel.linux.LinuxException;
import dev.oriel.linux.abi.Machine;
import dev.oriel.linux.abi.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The system calls that a server makes once it listens, as a seccomp filter (seccomp(2)): for all threads of the
 * process, those of Java too, and for good.
 *
 * <p>Of some calls an argument is looked at: a thread may be started, but no process, and none in a namespace of its
 * own; of ioctl(2) there are the four commands for flags of files; a signal goes to this process only, and fcntl(2)
 * sends none; a socket is a UNIX socket, or one of the Internet, and connects, only where that is wanted. clone3(2),
 * whose arguments a filter cannot see, is said to be absent: the C library then takes clone(2).
 *
 * <p>The kernel remembers which calls are allowed whatever their arguments, so most calls cost nothing.
 */
public final class SystemCallFilter {

    /** What becomes of a process that makes another call. */
    public enum Action {
        /** The process ends by SIGSYS at once, and the kernel's audit log names the call. */
        KILL(0x8000_0000),
        /** The thread gets SIGSYS, which ends the process and leaves a core where one is wanted. */
        TRAP(0x0003_0000),
        /** The call is made, and the kernel's audit log names it. */
        LOG(0x7ffc_0000);

        private final int code;

        Action(int code) {
            this.code = code;
        }
    }

    /** Name; number on x86-64, on arm64 and riscv64, on s390x; a dash where there is none. */
    private static final String ALLOWED = """
            accept4             288  242  364
            access               21    -   33
            brk                  12  214   45
            capget              125   90  184
            capset              126   91  185
            chmod                90    -   15
            clock_getres        229  114  261
            clock_gettime       228  113  260
            clock_nanosleep     230  115  262
            close                 3   57    6
            copy_file_range     326  285  375
            dup                  32   23   41
            dup2                 33    -   63
            dup3                292   24  326
            epoll_create1       291   20  327
            epoll_ctl           233   21  250
            epoll_pwait         281   22  312
            epoll_pwait2        441  441  441
            epoll_wait          232    -  251
            eventfd2            290   19  323
            exit                 60   93    1
            exit_group          231   94  248
            faccessat           269   48  300
            faccessat2          439  439  439
            fadvise64           221  223  253
            fallocate           285   47  314
            fchmod               91   52   94
            fchmodat            268   53  299
            fchown               93   55  207
            fchownat            260   54  291
            fdatasync            75   83  148
            flock                73   32  143
            fstat                 5   80  108
            fstatfs             138   44  100
            fsync                74   82  118
            ftruncate            77   46   93
            futex               202   98  238
            getcpu              309  168  311
            getcwd               79   17  183
            getdents64          217   61  220
            getegid             108  177  202
            geteuid             107  175  201
            getgid              104  176  200
            getpid               39  172   20
            getrandom           318  278  349
            getrusage            98  165   77
            getsockopt           55  209  365
            gettid              186  178  236
            gettimeofday         96  169   78
            getuid              102  174  199
            getxattr            191    8  227
            lchown               94    -  198
            linkat              265   37  296
            listxattr           194   11  230
            lseek                 8   62   19
            lstat                 6    -  107
            madvise              28  233  219
            memfd_create        319  279  350
            mkdirat             258   34  289
            mknodat             259   33  290
            mmap                  9  222   90
            mprotect             10  226  125
            mremap               25  216  163
            munmap               11  215   91
            name_to_handle_at   303  264  335
            nanosleep            35  101  162
            newfstatat          262   79  293
            open                  2    -    5
            open_by_handle_at   304  265  336
            openat              257   56  288
            poll                  7    -  168
            ppoll               271   73  302
            pread64              17   67  180
            preadv2             327  286  376
            pwrite64             18   68  181
            pwritev2            328  287  377
            read                  0   63    3
            readlink             89    -   85
            readlinkat          267   78  298
            readv                19   65  145
            recvmsg              47  212  372
            removexattr         197   14  233
            rename               82    -   38
            renameat            264   38  295
            renameat2           316  276  347
            restart_syscall     219  128    7
            rseq                334  293  383
            rt_sigaction         13  134  174
            rt_sigprocmask       14  135  175
            rt_sigreturn         15  139  173
            sched_getaffinity   204  123  240
            sched_yield          24  124  158
            sendmsg              46  211  370
            sendto               44  206  369
            set_robust_list     273   99  304
            setgroups           116  159  206
            setresgid           119  149  210
            setresuid           117  147  208
            setxattr            188    5  224
            shutdown             48  210  373
            socketpair           53  199  360
            stat                  4    -  106
            statfs              137   43   99
            statx               332  291  379
            symlinkat           266   36  297
            syncfs              306  267  338
            sysinfo              99  179  116
            umask                95  166   60
            uname                63  160  122
            unlink               87    -   10
            unlinkat            263   35  294
            utimensat           280   88  315
            write                 1   64    4
            writev               20   66  146
            """;

    /** Those that Java's own sockets need beside them, in the same columns. */
    private static final String NETWORK = """
            getpeername          52  205  368
            getsockname          51  204  367
            recvfrom             45  207  371
            setsockopt           54  208  366
            """;

    private static final int CLONE3 = 435;
    private static final int BIND = Machine.number(49, 200, 361);
    private static final int SENDMMSG = Machine.number(307, 269, 358);
    private static final int CONNECT = Machine.number(42, 203, 362);
    private static final int FCNTL = Machine.number(72, 25, 55);
    private static final int PRLIMIT64 = Machine.number(302, 261, 334);
    private static final int CLONE = Machine.number(56, 220, 120);
    private static final int IOCTL = Machine.number(16, 29, 54);
    private static final int PRCTL = Machine.number(157, 167, 172);
    private static final int SOCKET = Machine.number(41, 198, 359);
    private static final int TGKILL = Machine.number(234, 131, 241);
    private static final int UNSHARE = Machine.number(272, 97, 303);
    private static final int SECCOMP = Machine.number(317, 277, 348);

    /** AUDIT_ARCH_* (include/uapi/linux/audit.h). */
    private static final int ARCHITECTURE =
            Machine.isRiscV() ? 0xc000_00f3 : Machine.number(0xc000_003e, 0xc000_00b7, 0x8000_0016);

    /** From this number on calls are those of x32 programs on x86-64. */
    private static final int X32 = 0x4000_0000;

    private static final int CLONE_FS = 0x200;
    private static final int CLONE_THREAD = 0x1_0000;

    /** All CLONE_NEW* bits that clone(2) takes. */
    private static final int CLONE_NEW = 0x7e02_0000;

    /** s390x passes the stack first, and then the flags. */
    private static final int CLONE_FLAGS = Machine.number(0, 0, 1);

    /** AF_UNIX. */
    private static final int[] UNIX_FAMILY = {1};

    /** AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK, by which the C library asks which addresses this host has. */
    private static final int[] NETWORK_FAMILIES = {1, 2, 10, 16};

    /** To duplicate, flags, locks of both kinds, and seals: none that sends signals to others. */
    private static final int[] FCNTL_COMMANDS = {0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1033, 1034};

    /** This process. */
    private static final int OWN = 0;

    /** FS_IOC_GETFLAGS, SETFLAGS, FSGETXATTR, FSSETXATTR. */
    private static final int[] IOCTL_COMMANDS = {0x8008_6601, 0x4008_6602, 0x801c_581f, 0x401c_5820};

    /**
     * The same, and FIONREAD, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMTU,
     * SIOCGIFHWADDR, SIOCGIFINDEX: what Java asks of sockets and interfaces.
     */
    private static final int[] NETWORK_IOCTL_COMMANDS = {
        0x8008_6601,
        0x4008_6602,
        0x801c_581f,
        0x401c_5820,
        0x541b,
        0x8912,
        0x8913,
        0x8915,
        0x8919,
        0x891b,
        0x8921,
        0x8927,
        0x8933
    };

    /** PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_DROP, PR_SET_VMA: names of threads and memory, and fewer capabilities. */
    private static final int[] PRCTL_OPTIONS = {15, 16, 24, 0x5356_4d41};

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int SET_MODE_FILTER = 1;
    private static final int FLAG_TSYNC = 1;

    // struct seccomp_data { nr 4, arch 4, instruction pointer 8, arguments 6 x 8 }
    private static final int NR = 0;
    private static final int ARCH = 4;
    private static final int ARGUMENTS = 16;

    private static final int RET_ALLOW = 0x7fff_0000;
    private static final int RET_ERRNO = 0x0005_0000;

    // BPF: load a word, jump if equal, if greater or equal, if a bit is set, and return
    // (include/uapi/linux/bpf_common.h)
    private static final short LOAD = 0x20;
    private static final short JUMP_EQUAL = 0x15;
    private static final short JUMP_AT_LEAST = 0x35;
    private static final short JUMP_SET = 0x45;
    private static final short RETURN = 0x06;

    private static final int INSTRUCTION_SIZE = 8;

    private record Instruction(short code, int ifTrue, int ifFalse, int operand) {}

    private SystemCallFilter() {}

    /** The calls that are allowed whatever their arguments, with their numbers here. */
    static Map<String, Integer> allowed() {
        return numbers(ALLOWED);
    }

    /** Those that are allowed too where the network may be used. */
    static Map<String, Integer> allowedWithNetwork() {
        return numbers(NETWORK);
    }

    private static Map<String, Integer> numbers(String table) {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        for (String line : table.lines().toList()) {
            String[] words = line.strip().split(" +", -1);
            int number = Machine.number(number(words[1]), number(words[2]), number(words[3]));
            if (number >= 0) {
                numbers.put(words[0], number);
            }
        }
        return numbers;
    }

    private static int number(String word) {
        return word.equals("-") ? -1 : Integer.parseInt(word);
    }

    /**
     * Filters all threads of this process from now on, and those that they start. Gives up what set-id programs could
     * bring (no_new_privs) first, as the kernel asks of who has no privilege.
     *
     * @param connects whether it may connect to other processes, as to syslog's
     * @param network whether it may use the network: connect over it, ask for names and for the host's own interfaces
     * @throws LinuxException if the kernel has no such filters, or some thread has another one already
     */
    public static void install(Action action, boolean connects, boolean network) throws LinuxException {
        MethodHandle prctl = Native.link("prctl", 5);
        MethodHandle syscall = Native.link("syscall", 4);
        try (Arena arena = Arena.ofConfined()) {
            List<Instruction> program =
                    program(action, connects, network, ProcessHandle.current().pid());
            MemorySegment code = arena.allocate((long) program.size() * INSTRUCTION_SIZE, Long.BYTES);
            long at = 0;
            for (Instruction instruction : program) {
                code.set(JAVA_SHORT, at, instruction.code);
                code.set(JAVA_BYTE, at + 2, (byte) instruction.ifTrue);
                code.set(JAVA_BYTE, at + 3, (byte) instruction.ifFalse);
                code.set(JAVA_INT, at + 4, instruction.operand);
                at += INSTRUCTION_SIZE;
            }
            // struct sock_fprog { length 2, pad 6, address 8 }
            MemorySegment described = arena.allocate(16, Long.BYTES);
            described.set(JAVA_SHORT, 0, (short) program.size());
            described.set(JAVA_LONG, 8, code.address());
            LinuxException.check(Native.callInt(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
            int other = LinuxException.check(
                    Native.callInt(syscall, SECCOMP, SET_MODE_FILTER, FLAG_TSYNC, described.address()),
                    "install the filter of system calls");
            if (other > 0) {
                throw new LinuxException("filter the system calls of thread " + other, Errno.EBUSY);
            }
        }
    }

    /**
     * <pre>
     *   the architecture       another one: action
     *   a block for each call of which an argument is looked at
     *   one jump to the end for each call that is allowed
     *   return action
     *   return allow
     * </pre>
     */
    private static List<Instruction> program(Action action, boolean connects, boolean network, long pid) {
        List<Instruction> program = new ArrayList<>();
        program.add(load(ARCH));
        program.add(new Instruction(JUMP_EQUAL, 1, 0, ARCHITECTURE));
        program.add(result(action.code));
        program.add(load(NR));
        program.add(new Instruction(JUMP_AT_LEAST, 0, 1, X32));
        program.add(result(action.code));
        block(program, CLONE3, result(RET_ERRNO | Errno.ENOSYS));
        block(
                program,
                CLONE,
                load(argument(CLONE_FLAGS)),
                new Instruction(JUMP_SET, 0, 2, CLONE_THREAD),
                new Instruction(JUMP_SET, 1, 0, CLONE_NEW),
                result(RET_ALLOW),
                result(action.code));
        if (connects || network) {
            block(program, CONNECT, result(RET_ALLOW));
        }
        if (network) {
            block(program, BIND, result(RET_ALLOW));
            block(program, SENDMMSG, result(RET_ALLOW));
        }
        oneOf(program, FCNTL, 1, action, FCNTL_COMMANDS);
        oneOf(program, IOCTL, 1, action, network ? NETWORK_IOCTL_COMMANDS : IOCTL_COMMANDS);
        oneOf(program, PRCTL, 0, action, PRCTL_OPTIONS);
        oneOf(program, PRLIMIT64, 0, action, OWN);
        oneOf(program, SOCKET, 0, action, network ? NETWORK_FAMILIES : UNIX_FAMILY);
        oneOf(program, TGKILL, 0, action, (int) pid);
        oneOf(program, UNSHARE, 0, action, CLONE_FS);
        List<Integer> numbers = new ArrayList<>(allowed().values());
        if (network) {
            numbers.addAll(allowedWithNetwork().values());
        }
        for (int i = 0; i < numbers.size(); i++) {
            program.add(new Instruction(JUMP_EQUAL, numbers.size() - i, 0, numbers.get(i)));
        }
        program.add(result(action.code));
        program.add(result(RET_ALLOW));
        return program;
    }

    /** A call whose argument has to be one of some values. */
    private static void oneOf(List<Instruction> program, int call, int argument, Action action, int... values) {
        Instruction[] block = new Instruction[values.length + 3];
        block[0] = load(argument(argument));
        for (int i = 0; i < values.length; i++) {
            block[i + 1] = new Instruction(JUMP_EQUAL, values.length - i, 0, values[i]);
        }
        block[values.length + 1] = result(action.code);
        block[values.length + 2] = result(RET_ALLOW);
        block(program, call, block);
    }

    /** What happens at one call; every way through it returns. */
    private static void block(List<Instruction> program, int call, Instruction... block) {
        program.add(new Instruction(JUMP_EQUAL, 0, block.length, call));
        program.addAll(List.of(block));
    }

    /** Where the lower half of an argument lies. */
    private static int argument(int index) {
        int low = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? Integer.BYTES : 0;
        return ARGUMENTS + index * Long.BYTES + low;
    }

    private static Instruction load(int offset) {
        return new Instruction(LOAD, 0, 0, offset);
    }

    private static Instruction result(int value) {
        return new Instruction(RETURN, 0, 0, value);
    }
}
