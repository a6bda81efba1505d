/// # Capture
///
/// Packets from capture files, and the byte streams in them.
///
/// - ``PacketReader`` reads pcap and pcapng as they come, compressed or cut.
/// - ``PacketDecoder`` finds the TCP segment in a packet, or the reason why there is none.
/// - ``Reassembler`` puts segments in order by sequence number, says where bytes are missing, and keeps account.
///
/// Nothing here knows what the streams mean. Everything that is not used is counted with a reason: ``Refusal``.
