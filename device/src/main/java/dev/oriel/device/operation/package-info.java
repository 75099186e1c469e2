/**
 * From a request to its reply: decodes, asks the file system, encodes. One class for each group of opcodes.
 *
 * <pre>
 *   ReceivedRequest     one request, from its chain on: its private copy, and what it says
 *                       (RequestLengths, RequestExtensions)
 *     FuseSession       what INIT settled: byte order, flags, whose open flags these are (GuestArchitecture)
 *     RequestOrigin     where it came in
 *   Operations          by opcode
 *     NodeOperations, FileOperations, DirectoryOperations, AttributeOperations, LockOperations, IoctlOperation,
 *     MappingOperations
 *     OperationScratch  the names and values of one thread, used again for each request
 *   Reply               the reply in private memory, copied to the client once
 *     ReplyEncoder      values of a file system as structures of the protocol; DirectoryReply those of a directory
 * </pre>
 *
 * <p>Called by the queues and threads of {@code dev.oriel.device}, to which it speaks by {@link
 * dev.oriel.device.operation.RequestOrigin} and {@link dev.oriel.device.operation.LockEvents} only. It calls {@code
 * dev.oriel.device.dax} for mappings.
 */
@org.jspecify.annotations.NullMarked
package dev.oriel.device.operation;
