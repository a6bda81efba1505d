/// The policy that holds when no other is given: schemas/privacy/default.yaml, byte for byte.
enum BuiltInPolicy {
    static let yaml = #"""
        # What tinct record masks when no --mask says otherwise. Described by ../privacy.schema.json.
        #
        # An action is `pseudonym` (another value of the same class, length and format, the same one for the same value), `drop`
        # (a placeholder of the same length) or `keep`. What is a secret is dropped, whatever stands here.
        version: 1
        classes:
          residentId: pseudonym
          cpf: pseudonym
          cnpj: pseudonym
          curp: pseudonym
          rfc: pseudonym
          clabe: pseudonym
          card: pseudonym
          phone: pseudonym
          email: pseudonym
          name: pseudonym
          address: pseudonym
          birthDate: pseudonym
          coordinate: pseudonym
          ip: pseudonym
          device: pseudonym
          token: pseudonym
          nationalId: pseudonym
          bankAccount: pseudonym
          freeText: pseudonym
          accountId: keep          # the service's own numbers: what is found in its logs stays findable

        # Names of fields, in JSON, forms, queries and (with its IDL) Thrift. `phone` is also meant by contactPhone,
        # contact_phone and CONTACT-PHONE: the last words count. `=name` is meant by nothing longer, and only where the value
        # looks like one of the class. A value that cannot be of its name's class is left to what is found by content.
        fields:
          phone: [phone, phoneNumber, phoneNo, mobile, mobileNumber, mobileNo, tel, telephone, cellphone, cell, msisdn, fax,
            shouji, shoujihao, dianhua, telefone, celular, fone, telefono, movil, whatsapp]
          email: [email, mail, emailAddress, mailAddress, youxiang, correo, correoElectronico]
          name: [fullName, realName, firstName, lastName, middleName, givenName, familyName, surname, personName, holderName,
            cardholder, cardholderName, accountName, customerName, contactName, payerName, payeeName, receiverName,
            recipientName, senderName, beneficiaryName, legalName, motherName, fatherName, patientName, buyerName, consignee,
            xingming, zhenshixingming, shoujianren, nomeCompleto, sobrenome, nomeMae, nomeSocial, nomeCliente, titularNome,
            nombreCompleto, nombres, apellido, apellidos, apellidoPaterno, apellidoMaterno, titular, beneficiario, =name, =nome,
            =nombre]
          address: [address, streetAddress, homeAddress, addressLine, addressLine1, addressLine2, street, shippingAddress,
            billingAddress, dizhi, zhuzhi, xiangxidizhi, endereco, logradouro, direccion, domicilio, calle, rua]
          birthDate: [birthDate, dateOfBirth, dob, birthday, birth, shengri, chushengriqi, dataNascimento, nascimento,
            fechaNacimento, fechaDeNacimento]
          residentId: [residentId, idCard, idCardNo, idCardNumber, idNo, certNo, certificateNo, shenfenzheng, shenfenzhenghao, sfz,
            sfzh]
          cpf: [cpf, cpfNumber, numeroCpf]
          cnpj: [cnpj]
          curp: [curp]
          rfc: [rfc]
          clabe: [clabe, cuentaClabe]
          nationalId: [nationalId, nationalIdNumber, documentNumber, documentId, taxId, identityNumber, documento, numeroDocumento,
            ssn, passport, passportNumber]
          bankAccount: [bankAccount, bankAccountNumber, accountNumber, iban, pixKey, chavePix, contaBancaria, numeroConta,
            cuentaBancaria, numeroCuenta, yinhangzhanghao]
          card: [cardNumber, cardNo, pan, creditCard, creditCardNumber, debitCard, bankCard, bankCardNo, yinhangka, kahao,
            yinhangkahao, numeroCartao, cartao, numeroTarjeta, tarjeta]
          coordinate: [latitude, longitude, lat, lng, lon, gps, latLng, latlon, coordinates, geo, geolocation, jingdu, weidu, latitud,
            longitud]
          ip: [ip, ipAddress, ipAddr, clientIp, remoteAddr, remoteAddress, remoteIp, loginIp, userIp, sourceIp]
          device: [deviceId, udid, imei, imsi, meid, oaid, idfa, idfv, gaid, aaid, androidId, adid, advertisingId, mac,
            macAddress, deviceFingerprint, fingerprint, fingerprintId, serialNumber, shebeihao, =device]
          token: [token, accessToken, refreshToken, idToken, sessionToken, pushToken, deviceToken, apiKey, secretKey,
            accessKey, clientSecret, secret, sessionId, sid, jsessionid, =session]
          accountId: [userId, uid, accountId, customerId, memberId, openId, unionId]
          oneTimeCode: [otp, otpCode, oneTimeCode, oneTimePassword, totp, smsCode, verifyCode, verificationCode,
            captcha, yanzhengma, duanxinyanzhengma, codigoVerificacao, codigoVerificacion, codigoSms]
          pin: [pin, pinCode, pinBlock, paymentPin, zhifumima, senhaCartao, nip]
          cvv: [cvv, cvv2, cvc, cvc2, cvn, securityCode, cardSecurityCode, codigoSeguranca, codigoSeguridad, anquanma]
          password: [password, passwd, pwd, passphrase, mima, senha, contrasena, claveAcceso]
          privateKey: [privateKey, privKey, siyao, chavePrivada, clavePrivada]

        # Header fields, of HTTP and of THeader and TTHeader.
        headers:
          authorization: [authorization, proxy-authorization, x-amz-security-token, acl-token]
          cookie: [cookie, set-cookie]
          token: [x-auth-token, x-access-token, x-session-token, x-csrf-token, x-api-key, api-key, x-session-id]
          ip: [x-forwarded-for, x-real-ip, forwarded, x-client-ip, true-client-ip, cf-connecting-ip, x-original-forwarded-for,
            x-cluster-client-ip, rip]
          device: [x-device-id, x-device-fingerprint]
          phone: [x-user-phone, x-phone, x-mobile, x-msisdn]
          email: [x-user-email, x-email]
          name: [x-user-name, x-real-name]
          coordinate: [x-location, x-geo, x-latitude, x-longitude]
          residentId: [x-id-card]
          oneTimeCode: [x-otp, x-verify-code]

        # Fields whose numbers are ordinary: nothing is looked for in them.
        ordinary: [amount, amountMinor, price, total, subtotal, balance, fee, cost, count, quantity, qty, score, limit, offset, page,
          size, length, timestamp, ts, time, millis, eventTime, createdAt, updatedAt, expiresAt, date, datetime, duration, latency,
          version, ver, sequence, seq, index, port, status, code, ratio, rate, percent, weight, height, width, montante, valor,
          preco, monto, precio, saldo, jine, shijian]

        """#
}
